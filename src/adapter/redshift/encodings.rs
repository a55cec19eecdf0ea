//! How Redshift compresses columns: `ENCODE`.
//!
//! Source: "Compression encodings" in the Database Developer Guide (<https://docs.aws.amazon.com/redshift/latest/dg/c_Compression_encodings.html>).

/// All there are, by name.
pub const NAMES: [&str; 15] = [
    "az64",
    "auto",
    "bytedict",
    "delta",
    "delta32k",
    "lzo",
    "mostly8",
    "mostly16",
    "mostly32",
    "none",
    "raw",
    "runlength",
    "text255",
    "text32k",
    "zstd",
];

/// Whether an encoding takes columns of a type, or none where there is no such encoding.
pub fn fits(encoding: &str, data_type: &str) -> Option<bool> {
    let encoding = encoding.trim().to_lowercase();
    let data_type = data_type.trim().to_lowercase();
    let is = |names: &[&str]| names.iter().any(|name| data_type.starts_with(name));
    let whole = is(&["smallint", "int", "bigint", "numeric", "decimal"]) && !is(&["interval"]);
    let moment = is(&["date", "timestamp", "time"]);
    let float = is(&["real", "float", "double precision"]);
    Some(match encoding.as_str() {
        "raw" | "none" | "auto" | "zstd" | "runlength" => true,
        "az64" => whole || moment,
        "bytedict" => !is(&["bool", "super"]),
        "delta" | "delta32k" => whole || moment,
        "lzo" => !is(&["bool"]) && !float,
        "mostly8" | "mostly16" | "mostly32" => whole,
        "text255" | "text32k" => is(&["character varying", "varchar", "nvarchar"]),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{NAMES, fits};

    #[test]
    fn an_encoding_takes_some_types() {
        assert_eq!(fits("az64", "bigint"), Some(true));
        assert_eq!(fits("AZ64", "INT"), Some(true));
        assert_eq!(fits("az64", "character varying(3)"), Some(false));
        assert_eq!(fits("text255", "varchar(3)"), Some(true));
        assert_eq!(fits("mostly8", "interval day to second"), Some(false));
        assert_eq!(fits("zst", "bigint"), None);
        assert!(NAMES.iter().all(|name| fits(name, "integer").is_some()));
    }
}
