-- Old requests are found by the index of each workspace's requests by age, so no request pays for one by age alone.

DROP INDEX requests_by_age;
