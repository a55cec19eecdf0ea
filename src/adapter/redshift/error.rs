//! What Redshift says when it fails, and what that means for the run.
//!
//! In: SQLSTATE, message and detail. Out: an [`ErrorClass`].

use std::time::Duration;

use crate::adapter::ErrorClass;
use crate::adapter::wire::error as wire;

/// How long to wait before a section is tried again: on Redshift what was in the way lasts longer than on PostgreSQL.
const PAUSE: Duration = Duration::from_secs(1);

/// Words of Redshift for: somebody else was first. Its SQLSTATE for most of them is a plain `XX000`.
const SOMEBODY_WAS_FIRST: [&str; 6] = [
    "could not open relation with OID",
    "Serializable isolation violation",
    "conflict with concurrent transaction",
    "dropped by concurrent transaction",
    "dropped by a concurrent transaction",
    "deadlock detected",
];

/// What an error means.
pub(super) fn class(code: &str, message: &str, detail: &str) -> ErrorClass {
    let first = message.split_whitespace().next().unwrap_or_default();
    // 1023 is a serializable isolation violation, 1018 a relation that was dropped under the statement.
    let numbered = matches!(first.trim_end_matches(':'), "1023" | "1018");
    let worded = SOMEBODY_WAS_FIRST
        .iter()
        .any(|words| message.contains(words) || detail.contains(words));
    if numbered || worded || matches!(code, "40001" | "40P01") {
        return ErrorClass::Retryable { after: PAUSE };
    }
    match wire::class(code, message, detail) {
        ErrorClass::Retryable { .. } => ErrorClass::Retryable { after: PAUSE },
        // What is wrong with the user's data comes as an internal error too.
        ErrorClass::Internal if code == "XX000" => ErrorClass::User,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_retry_can_solve_is_told_from_what_it_cannot() {
        let again = ErrorClass::Retryable { after: PAUSE };
        for (code, message, detail) in [
            (
                "XX000",
                "1023",
                "Serializable isolation violation on table - 126483, transactions forming the cycle are: 1, 2 (pid:3)",
            ),
            ("XX000", "1018", "Relation does not exist."),
            ("XX000", "could not open relation with OID 124", ""),
            ("XX000", "table 126 dropped by concurrent transaction", ""),
            ("40001", "could not serialize access", ""),
            ("40P01", "deadlock detected", ""),
        ] {
            assert_eq!(class(code, message, detail), again, "{message}");
        }
        assert_eq!(
            class(
                "XX000",
                "Invalid digit, Value 'x', Pos 0, Type: Integer",
                ""
            ),
            ErrorClass::User
        );
        assert_eq!(
            class("42P01", "relation \"a\" does not exist", ""),
            ErrorClass::User
        );
        assert_eq!(
            class("57P01", "terminating connection", ""),
            ErrorClass::ConnectionLost
        );
    }
}
