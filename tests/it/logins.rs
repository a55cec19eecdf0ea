//! Logins of a `redshift` target that PostgreSQL asks for in the ways that Redshift may ask too: SCRAM (authentication request 10) and MD5 (5).

use crate::postgres::{query, server};
use crate::project::TestProject;

/// On a server of our own alone, as it is to ask each of the two in its way.
#[test]
fn a_redshift_target_logs_in_by_scram_and_by_md5() {
    let Some(authority) = server().authority() else {
        return;
    };
    query(
        "set password_encryption = 'scram-sha-256'; drop role if exists by_scram; create role by_scram login password 'of-scram-1'",
    );
    query(
        "set password_encryption = 'md5'; drop role if exists by_md5; create role by_md5 login password 'of-md5-1'",
    );
    let kept = server()
        .psql("select rolname, left(rolpassword, 5) from pg_authid where rolname like 'by%' order by 1")
        .expect("how they are kept");
    assert!(
        kept.contains("by_md5 | md5") && kept.contains("by_scram | SCRAM"),
        "{kept}"
    );
    for (user, password) in [("by_scram", "of-scram-1"), ("by_md5", "of-md5-1")] {
        for sslmode in ["disable", "require"] {
            let with = |password: &str| {
                let server = server();
                let project = TestProject::empty().file(
                    "profiles.yml",
                    format!(
                        "project: {{target: prod, outputs: {{prod: {{type: redshift, host: {}, port: {}, user: {user}, password: {password}, dbname: {}, schema: s, sslmode: {sslmode}, sslrootcert: '{}', retries: 0}}}}}}\n",
                        server.host,
                        server.port,
                        server.database,
                        authority.display()
                    ),
                );
                project.redstart("show --inline \"select current_user as who\"")
            };
            let came = with(password).success();
            assert!(came.stdout.contains(user), "{user}, {sslmode}: {came}");
            let refused = with("another-1");
            assert_eq!(refused.code, 2, "{refused}");
            assert!(
                refused.text().contains(&format!(
                    "password authentication failed for user \"{user}\""
                )),
                "{refused}"
            );
        }
    }
}
