//! The hours of a day in which a channel sends nothing.

use std::borrow::Cow;

use gaiterguard_domain::field::{Checked, FieldValue, any_string, refused};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::{all, body};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::nested::{self, NOT_AN_OBJECT};

/// The length of a time of day, as in `07:30`.
const CLOCK_CHARS: usize = 5;

/// The hours of a day in which a channel sends nothing. Messages are sent when they end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuietHours {
    /// Beginning, as `HH:MM`.
    pub from: String,
    /// End, as `HH:MM`. An end before the beginning is on the next day.
    pub to: String,
    /// Time zone, such as `Europe/Berlin`.
    pub time_zone: String,
}

body! {
    /// The hours of a day in which a channel sends nothing. Messages are sent when they end.
    pub struct NewQuietHours {
        /// Beginning, as `HH:MM`.
        #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
        from "from": ClockTime as String,
        /// End, as `HH:MM`. An end before the beginning is on the next day.
        #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
        to "to": ClockTime as String,
        /// Name of a time zone of the IANA database, such as `Europe/Berlin`. Defaults to `UTC`.
        time_zone "time_zone": Option<Zone> as Option<String>,
    }
}

/// A time of day.
#[derive(Clone, Debug)]
pub struct ClockTime(String);

impl FieldValue for ClockTime {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let text = any_string(value)?;
        let is_valid = text.len() == CLOCK_CHARS && clock(&text).is_some();
        if !is_valid {
            return Err("must be a time from 00:00 to 23:59, such as 07:30".into());
        }
        Ok(Self(text))
    }
}

/// The name of a time zone.
#[derive(Clone, Debug)]
pub struct Zone(String);

impl FieldValue for Zone {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let text = any_string(value)?;
        if TimeZone::get(&text).is_err() {
            return Err("must be the name of a time zone, such as Europe/Berlin".into());
        }
        Ok(Self(text))
    }
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

impl FieldValue for QuietHours {
    fn parse(_: Value) -> Result<Self, Cow<'static, str>> {
        Err(NOT_AN_OBJECT.into())
    }

    fn read(name: &str, value: Option<Value>) -> Checked<Self> {
        nested::read(name, value, |body: NewQuietHours| {
            let NewQuietHours {
                from,
                to,
                time_zone,
            } = body;
            let (from, to, time_zone) = all!(from, to, time_zone)?;
            if from.0 == to.0 {
                return refused("to", "must differ from `from`");
            }
            Ok(Self {
                from: from.0,
                to: to.0,
                time_zone: time_zone.map_or_else(|| "UTC".to_owned(), |zone| zone.0),
            })
        })
    }
}

impl QuietHours {
    /// Returns when a message that is ready at `at` is sent: then, or when the quiet hours end.
    pub(crate) fn after(&self, at: Timestamp) -> Timestamp {
        self.end(at).unwrap_or(at)
    }

    /// Returns the end of the quiet hours that contain an instant.
    pub(crate) fn end(&self, at: Timestamp) -> Option<Timestamp> {
        let (from, to) = (clock(&self.from)?, clock(&self.to)?);
        let zone = TimeZone::get(&self.time_zone).ok()?;
        let local = jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(zone);
        let time = local.time();
        let (is_quiet, ends_tomorrow) = if from < to {
            (from <= time && time < to, false)
        } else {
            (time >= from || time < to, time >= from)
        };
        if !is_quiet {
            return None;
        }
        let day = if ends_tomorrow {
            local.date().tomorrow().ok()?
        } else {
            local.date()
        };
        // Where the clock is put forward over this time, the instant after the gap is taken.
        let end = day
            .to_datetime(to)
            .to_zoned(local.time_zone().clone())
            .ok()?;
        Some(Timestamp(end.timestamp().as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn after(from: &str, to: &str, zone: &str, at: &str) -> String {
        let hours = json!({"from": from, "to": to, "time_zone": zone});
        let hours = QuietHours::read("quiet_hours", Some(hours)).unwrap();
        hours.after(at.parse().unwrap()).to_string()
    }

    #[test]
    fn a_message_of_the_night_is_sent_in_the_morning() {
        for (at, sent) in [
            ("2026-01-10T20:59:59Z", "2026-01-10T20:59:59.000Z"),
            ("2026-01-10T21:00:00Z", "2026-01-11T06:00:00.000Z"),
            ("2026-01-11T05:59:59Z", "2026-01-11T06:00:00.000Z"),
            ("2026-01-11T06:00:00Z", "2026-01-11T06:00:00.000Z"),
        ] {
            assert_eq!(after("22:00", "07:00", "Europe/Berlin", at), sent);
        }
    }

    #[test]
    fn quiet_hours_within_a_day_end_on_that_day() {
        let at = "2026-01-10T12:30:00Z";
        assert_eq!(
            after("12:00", "13:00", "UTC", at),
            "2026-01-10T13:00:00.000Z"
        );
        let at = "2026-01-10T13:30:00Z";
        assert_eq!(
            after("12:00", "13:00", "UTC", at),
            "2026-01-10T13:30:00.000Z"
        );
    }

    #[test]
    fn the_end_follows_the_change_to_summer_time() {
        // In Berlin, 02:00 to 03:00 does not exist on this day.
        let at = "2026-03-28T23:00:00Z";
        assert_eq!(
            after("22:00", "02:30", "Europe/Berlin", at),
            "2026-03-29T01:30:00.000Z"
        );
    }

    #[test]
    fn every_error_names_its_field() {
        let wrong = json!({"from": "24:00", "to": "7:00", "time_zone": "Berlin"});
        let errors = QuietHours::read("quiet_hours", Some(wrong)).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "quiet_hours.from",
                "quiet_hours.to",
                "quiet_hours.time_zone"
            ]
        );
        let same = json!({"from": "07:00", "to": "07:00"});
        assert!(QuietHours::read("quiet_hours", Some(same)).is_err());
    }
}
