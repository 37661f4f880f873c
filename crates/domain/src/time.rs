//! Instants and the clock.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since the Unix epoch, UTC. JSON uses RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the instant `duration` later, saturating at the maximum.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// Returns the instant `duration` earlier, saturating at the minimum.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    fn bounded(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::MAX)
    }

    /// Returns the time from `self` to `later`; zero if `later` has passed.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }
}

/// A day of the UTC calendar, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    const MILLIS: i64 = 86_400_000;

    /// Returns the day that contains an instant.
    pub fn of(at: Timestamp) -> Self {
        Self(at.0.div_euclid(Self::MILLIS))
    }

    /// Returns the first instant of the day.
    pub fn begin(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(Self::MILLIS))
    }

    /// Returns the first of `count` days that end with this one.
    #[must_use]
    pub fn first_of_last(self, count: u32) -> Self {
        Self(self.0 - i64::from(count.saturating_sub(1)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.bounded())
    }
}

impl std::str::FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.parse::<jiff::Timestamp>()?.as_millisecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The source of the current time. Code that needs the time takes one as an argument.
pub trait Clock: Send + Sync + 'static {
    /// Returns the current instant. An administrator may set this clock forward or back.
    fn now(&self) -> Timestamp;

    /// Returns the time since an arbitrary start of this process. It never decreases and cannot be
    /// set, so it is the clock for durations.
    fn elapsed(&self) -> Duration;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_as_rfc_3339_and_read_back() {
        let at = Timestamp(1_700_000_000_123);
        assert_eq!(at.to_string(), "2023-11-14T22:13:20.123Z");
        assert_eq!(at.to_string().parse::<Timestamp>().unwrap(), at);
    }

    #[test]
    fn a_day_begins_at_midnight_and_holds_its_last_millisecond() {
        let midnight: Timestamp = "2026-03-04T00:00:00Z".parse().unwrap();
        let day = Day::of(midnight);
        assert_eq!(day.begin(), midnight);
        assert_eq!(Day::of(Timestamp(midnight.0 + 86_399_999)), day);
        assert_eq!(Day::of(Timestamp(midnight.0 - 1)), Day(day.0 - 1));
        assert_eq!(Day::of(Timestamp(-1)), Day(-1));
        assert_eq!(day.first_of_last(30), Day(day.0 - 29));
    }

    #[test]
    fn arithmetic_never_wraps() {
        assert_eq!(
            Timestamp(i64::MAX).after(Duration::MAX),
            Timestamp(i64::MAX)
        );
        assert_eq!(Timestamp(5).until(Timestamp(2)), Duration::ZERO);
    }
}
