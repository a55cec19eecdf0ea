//! Words that Redshift keeps for itself: no name of a table, a column or an alias, but in double quotes.
//!
//! In: a word. Out: whether it is one. Source: <https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html>, without those that the
//! documentation or public projects use as names (`array`, `timestamp`, `start`, `connect`), and those that the parser reads as what they are.

/// In the order of the alphabet.
const RESERVED: [&str; 133] = [
    "aes128",
    "aes256",
    "allowoverwrite",
    "analyse",
    "analyze",
    "and",
    "asc",
    "authorization",
    "az64",
    "backup",
    "between",
    "binary",
    "blanksasnull",
    "both",
    "bytedict",
    "bzip2",
    "case",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "credentials",
    "cross",
    "deferrable",
    "deflate",
    "defrag",
    "delta",
    "delta32k",
    "desc",
    "disable",
    "distinct",
    "do",
    "else",
    "emptyasnull",
    "enable",
    "encode",
    "encrypt",
    "encryption",
    "end",
    "except",
    "explicit",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "globaldict256",
    "globaldict64k",
    "grant",
    "group",
    "gzip",
    "having",
    "identity",
    "ignore",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "language",
    "leading",
    "like",
    "limit",
    "lun",
    "luns",
    "lzo",
    "lzop",
    "minus",
    "mostly16",
    "mostly32",
    "mostly8",
    "natural",
    "new",
    "not",
    "notnull",
    "nulls",
    "off",
    "offline",
    "offset",
    "oid",
    "old",
    "on",
    "only",
    "open",
    "or",
    "order",
    "outer",
    "overlaps",
    "parallel",
    "partition",
    "percent",
    "permissions",
    "pivot",
    "placing",
    "primary",
    "raw",
    "readratio",
    "recover",
    "references",
    "rejectlog",
    "resort",
    "respect",
    "restore",
    "select",
    "similar",
    "snapshot",
    "some",
    "system",
    "table",
    "tag",
    "tdes",
    "then",
    "to",
    "top",
    "trailing",
    "truncatecolumns",
    "union",
    "unique",
    "unnest",
    "unpivot",
    "user",
    "using",
    "verbose",
    "wallet",
    "when",
    "where",
    "with",
    "without",
];

/// What else is reserved and is read as what it is: no alias of a column, unless `as` stands before it. In the order of the alphabet.
const VALUES: [&str; 22] = [
    "all",
    "any",
    "cast",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "current_user_id",
    "default",
    "false",
    "interval",
    "left",
    "localtime",
    "localtimestamp",
    "null",
    "qualify",
    "right",
    "session_user",
    "sysdate",
    "text255",
    "text32k",
    "true",
];

/// Whether a word, in any case, is no alias of a column unless `as` stands before it.
pub fn needs_as(word: &str) -> bool {
    is_reserved(word)
        || VALUES
            .binary_search(&word.to_ascii_lowercase().as_str())
            .is_ok()
}

/// Whether a word, in any case, is no name without quotes.
pub fn is_reserved(word: &str) -> bool {
    RESERVED
        .binary_search(&word.to_ascii_lowercase().as_str())
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_word_is_found_in_any_case() {
        assert!(RESERVED.is_sorted() && VALUES.is_sorted());
        assert!(needs_as("Default") && needs_as("user") && !needs_as("name"));
        assert!(is_reserved("tag") && is_reserved("Open"));
        assert!(!is_reserved("tags") && !is_reserved("timestamp"));
    }
}
