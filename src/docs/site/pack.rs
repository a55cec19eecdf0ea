//! Data as a script: JSON, deflated, in base64, so that a page from disk may load it.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::redact::Redactor;

/// Beyond this, the time doubles for a hundredth of the size.
const LEVEL: u32 = 6;

/// `redstart("name","…");`
pub fn script(name: &str, value: &Value, redactor: &Redactor) -> String {
    let text = value.to_string();
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::new(LEVEL));
    // Writing into memory does not fail.
    let written = packed.write_all(redactor.redact(&text).as_bytes());
    let packed = written.and_then(|()| packed.finish()).unwrap_or_default();
    format!("redstart(\"{name}\",\"{}\");\n", STANDARD.encode(packed))
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
    use std::io::Read;

    #[test]
    fn data_come_back_from_a_script_without_the_secrets() {
        let redactor = Redactor::new(["hunter22".to_owned()]);
        let script = script("t0", &serde_json::json!(["a hunter22 é"]), &redactor);
        let text = script
            .strip_prefix("redstart(\"t0\",\"")
            .and_then(|rest| rest.strip_suffix("\");\n"))
            .unwrap();
        let packed = STANDARD.decode(text).unwrap();
        let mut plain = String::new();
        flate2::read::DeflateDecoder::new(&packed[..])
            .read_to_string(&mut plain)
            .unwrap();
        assert_eq!(plain, r#"["a ***** é"]"#);
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
