//! Data as a script: JSON, deflated, in base64, so that a page from disk may load it.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::redact::Redactor;

/// Beyond this, half as much time again is for a fiftieth of the size.
const LEVEL: u32 = 5;

/// `redstart("name","…");`
pub fn script(name: &str, value: &Value, redactor: &Redactor) -> String {
    let text = value.to_string();
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::new(LEVEL));
    // Writing into memory does not fail.
    let written = packed.write_all(redactor.redact(&text).as_bytes());
    let packed = written.and_then(|()| packed.finish()).unwrap_or_default();
    format!("redstart(\"{name}\",\"{}\");\n", STANDARD.encode(packed))
}

/// The data of such a script; none where it is no such script.
pub fn data(script: &str) -> Option<Value> {
    let (_, rest) = script.strip_prefix("redstart(\"")?.split_once("\",\"")?;
    let packed = STANDARD.decode(rest.strip_suffix("\");\n")?).ok()?;
    serde_json::from_reader(DeflateDecoder::new(packed.as_slice())).ok()
}

/// The SHA-256 of an inline style or script, as a content security policy names it.
pub fn hash(text: &str) -> String {
    format!(
        "'sha256-{}'",
        STANDARD.encode(Sha256::digest(text.as_bytes()))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_come_back_from_a_script_without_the_secrets() {
        let redactor = Redactor::new(["hunter22".to_owned()]);
        let script = script("t0", &serde_json::json!(["a hunter22 é"]), &redactor);
        assert_eq!(data(&script), Some(serde_json::json!(["a ***** é"])));
        for torn in ["", "redstart(\"t0\",\"%\");\n", script.trim_end()] {
            assert_eq!(data(torn), None, "{torn}");
        }
    }

    #[test]
    fn a_hash_is_in_base64() {
        // `printf abc | openssl dgst -sha256 -binary | base64`
        assert_eq!(
            hash("abc"),
            "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='"
        );
    }
}
