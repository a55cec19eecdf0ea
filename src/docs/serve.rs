//! The site over HTTP, for one person on this machine, with a page that loads itself anew when the site is written again.
//!
//! In: the folder of a site, an address of this machine. Out: answers. Gives nothing but the files of the site, to this machine alone.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::State;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(300);
/// How long the page waits for a change before it asks again.
const WAIT: Duration = Duration::from_secs(20);

/// The page asks whether the site has changed, and again, until it has.
const RELOAD: &str = r#"(async () => {
  let seen = "";
  for (;;) {
    try {
      const answer = await fetch("changes?since=" + seen);
      const now = await answer.text();
      if (seen && now !== seen) { location.reload(); return; }
      seen = now;
    } catch { await new Promise((later) => setTimeout(later, 1000)); }
  }
})();
"#;

/// A listening server.
pub struct Server {
    listener: std::net::TcpListener,
    folder: PathBuf,
}

impl Server {
    /// Takes the address.
    ///
    /// # Errors
    /// When it is taken or not allowed.
    pub fn bind(folder: &Path, address: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener,
            folder: folder.to_owned(),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until it is to stop.
    ///
    /// # Errors
    /// When the network fails.
    pub fn run(self, stopped: &(dyn Fn() -> bool + Sync)) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            let routes = Router::new()
                .route("/changes", get(changes))
                .fallback(get(file))
                .with_state(Arc::new(self.folder));
            let stop = async {
                while !stopped() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            tokio::select! {
                served = async { axum::serve(listener, routes).await } => served,
                () = stop => Ok(()),
            }
        })
    }
}

/// Answers at once when the site is another than the page has, else when it changes.
async fn changes(State(folder): State<Arc<PathBuf>>, headers: HeaderMap, uri: Uri) -> Response {
    if !is_own(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let since = uri
        .query()
        .and_then(|query| query.strip_prefix("since="))
        .unwrap_or_default()
        .to_owned();
    let mut waited = Duration::ZERO;
    loop {
        let now = version(&folder);
        if now != since || waited >= WAIT {
            return now.into_response();
        }
        tokio::time::sleep(LOOK).await;
        waited += LOOK;
    }
}

async fn file(State(folder): State<Arc<PathBuf>>, headers: HeaderMap, uri: Uri) -> Response {
    if !is_own(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if uri.path() == "/reload.js" {
        return answer("text/javascript", RELOAD.to_owned());
    }
    let found = place(&folder, uri.path()).and_then(|path| inside(&folder, &path));
    let found = found.map(|path| (kind(&path), std::fs::read_to_string(path)));
    match found {
        Some(("text/html", Ok(page))) => answer("text/html", with_reload(&page)),
        Some((kind, Ok(text))) => answer(kind, text),
        _ => (StatusCode::NOT_FOUND, "There is no such file in the site.").into_response(),
    }
}

fn answer(kind: &str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, text).into_response()
}

/// The file of an address: plain names only, one folder deep at the most.
fn place(folder: &Path, address: &str) -> Option<PathBuf> {
    let names: Vec<&str> = match address.strip_prefix('/').unwrap_or(address) {
        "" => vec!["index.html"],
        path => path.split('/').collect(),
    };
    let is_plain = |name: &&str| {
        !name.starts_with('.')
            && !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_'))
    };
    (names.len() <= 2 && names.iter().all(is_plain)).then(|| folder.join(names.join("/")))
}

/// The file that a path leads to, links followed; none where they lead out of the folder.
fn inside(folder: &Path, path: &Path) -> Option<PathBuf> {
    let (folder, file) = (folder.canonicalize().ok()?, path.canonicalize().ok()?);
    file.starts_with(folder).then_some(file)
}

fn kind(path: &Path) -> &'static str {
    match path.extension().and_then(|end| end.to_str()) {
        Some("html") => "text/html",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        _ => "text/plain",
    }
}

/// The page may ask this server, and nobody else, whether something has changed.
fn with_reload(page: &str) -> String {
    page.replacen(
        "default-src 'none';",
        "default-src 'none'; connect-src 'self';",
        1,
    )
    .replacen("</body>", "<script src=\"reload.js\"></script>\n</body>", 1)
}

/// Whether the request names this machine: a page elsewhere may not have its name point here and read.
fn is_own(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    let is_address = address.parse::<IpAddr>().is_ok_and(|it| it.is_loopback());
    !host.contains('@') && (name.eq_ignore_ascii_case("localhost") || is_address)
}

/// When the page was last written.
fn version(folder: &Path) -> String {
    let written = std::fs::metadata(folder.join("index.html")).and_then(|file| file.modified());
    let since = written
        .ok()
        .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.unwrap_or_default().as_nanos().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_leads_out_of_the_folder() {
        let folder = Path::new("/site");
        for inside in ["/", "/index.html", "/data/t0.js"] {
            assert!(place(folder, inside).is_some(), "{inside}");
        }
        for outside in [
            "/..",
            "/../profiles.yml",
            "/data/../../x",
            "/data/%2e%2e/x",
            "//etc/passwd",
            "/.env",
            "/data/.x",
            "/a/b/c",
            "/data\\..\\x",
        ] {
            assert_eq!(place(folder, outside), None, "{outside}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out_of_the_folder() {
        use std::os::unix::fs::symlink;
        let own = tempfile::tempdir().unwrap();
        let site = own.path().join("site");
        std::fs::create_dir_all(site.join("data")).unwrap();
        std::fs::write(own.path().join("profiles.yml"), "password").unwrap();
        std::fs::write(site.join("app.js"), "").unwrap();
        symlink("../profiles.yml", site.join("profiles.js")).unwrap();
        symlink("../app.js", site.join("data/app.js")).unwrap();
        symlink(own.path(), site.join("out")).unwrap();
        let given = |address: &str| {
            let path = place(&site, address).expect("plain names");
            inside(&site, &path).is_some()
        };
        assert!(given("/app.js") && given("/data/app.js"));
        for outside in ["/profiles.js", "/out/profiles.yml", "/nothing.js"] {
            assert!(!given(outside), "{outside}");
        }
        // A folder of a site that is itself a link is served.
        let link = own.path().join("linked");
        symlink(&site, &link).unwrap();
        assert!(inside(&link, &link.join("app.js")).is_some());
    }

    #[test]
    fn a_request_by_another_name_is_refused() {
        let of = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            is_own(&headers)
        };
        for own in [
            "localhost:8080",
            "Localhost",
            "127.0.0.1:8080",
            "127.9.9.9",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(of(own), "{own}");
        }
        for other in [
            "evil.example:8080",
            "",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.evil.example:8080",
            "localhost@evil.example",
            "evil.example@127.0.0.1",
            "192.168.0.7:8080",
            "[::2]:8080",
        ] {
            assert!(!of(other), "{other}");
        }
    }

    #[test]
    fn the_page_may_ask_for_changes_only_when_it_is_served() {
        let page = super::super::site::Layout::Folder;
        let files = super::super::site::files_for_tests(page);
        let served = with_reload(&files["index.html"]);
        assert!(!files["index.html"].contains("connect-src"));
        assert!(served.contains("connect-src 'self'") && served.contains("reload.js"));
    }
}
