//! The other side of the wire: an endpoint that speaks the PostgreSQL protocol as Amazon Redshift does, for tests and for people
//! without a cluster.
//!
//! In: [`Options`], then clients. Out: Redshift's dialect, catalog, messages and limits, on the emulation over DuckDB; and on demand
//! what goes wrong on a network. Each client has a thread and a session of DuckDB. Knows nothing of projects.

mod alter;
mod attributes;
mod catalog;
mod ddl;
mod extended;
mod failure;
mod faults;
mod identities;
mod known;
mod leader;
mod limits;
mod locks;
mod log;
mod login;
mod options;
mod session;
mod settings;
mod show;
mod simple;
mod statement;
mod types;
mod unload;
mod views;
mod wire;
mod words;

use std::collections::BTreeMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

pub use faults::{Fault, Mishap, Place};
pub use log::Logged;
pub use options::{Auth, Options};

use crate::adapter::copy::Folders;
use crate::adapter::duckdb::{Config, DuckDb};
use crate::adapter::{Adapter, Error, ErrorClass, Prepared};

/// A running endpoint. It ends, with all its sessions, when it is dropped.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    listener: Option<JoinHandle<()>>,
}

/// What all sessions share.
pub(in crate::endpoint) struct Shared {
    options: Options,
    warehouse: DuckDb,
    folders: Folders,
    tls: Option<Arc<rustls::ServerConfig>>,
    faults: faults::Faults,
    log: log::Log,
    locks: locks::Locks,
    clients: Mutex<BTreeMap<i32, Client>>,
    next_pid: AtomicI32,
    stopping: AtomicBool,
    /// Whether a late-binding view waits for what it reads.
    unbound: AtomicBool,
}

/// What the server knows of a client.
struct Client {
    /// What a cancel request must say.
    secret: i32,
    socket: TcpStream,
    cancel: Option<Arc<dyn Fn() + Send + Sync>>,
    /// Who has logged in, and when.
    session: Option<(String, jiff::Timestamp)>,
    /// The statement that is being run.
    running: Option<String>,
    thread: Option<JoinHandle<()>>,
    done: bool,
}

impl Server {
    /// Opens the database and listens.
    ///
    /// # Errors
    /// When the database cannot be opened, the address is taken or open to others without a password, or a certificate cannot be
    /// read.
    pub fn start(options: Options) -> Result<Self, Error> {
        if !options.host.is_loopback() && options.auth == Auth::Trust {
            let mut refused = wrong(format!(
                "{} can be reached from other machines",
                options.host
            ));
            refused.help = Some("ask for a password: --auth sha256".to_owned());
            return Err(refused);
        }
        let mut folders = Folders::default();
        for (prefix, folder) in &options.s3 {
            folders.insert(prefix, folder.clone());
        }
        for (prefix, place) in &options.stores {
            folders.insert_store(prefix, place.clone());
        }
        let warehouse = DuckDb::new(&Config {
            path: options.file.clone(),
            database: options.database.clone(),
            emulates_redshift: true,
            settings: Vec::new(),
            places: Default::default(),
            s3: folders.clone(),
        });
        let tls = options
            .tls
            .as_ref()
            .map(|(certificate, key)| certificate_of(certificate, key))
            .transpose()?;
        let shared = Arc::new(Shared {
            faults: faults::Faults::new(options.faults.clone()),
            warehouse,
            folders,
            tls,
            log: log::Log::default(),
            locks: locks::Locks::default(),
            clients: Mutex::default(),
            next_pid: AtomicI32::new(1000),
            stopping: AtomicBool::new(false),
            unbound: AtomicBool::new(options.file.is_some()),
            options,
        });
        let mut first = shared.warehouse.connect()?;
        for sql in catalog::bootstrap(&shared.options) {
            first.execute(&Prepared::sql(vec![sql]))?;
        }
        drop(first);
        let (host, port) = (shared.options.host, shared.options.port);
        let deaf = |cause: std::io::Error| Error {
            help: Some("choose another port with `--port`; 0 takes a free one".to_owned()),
            ..wrong(format!("cannot listen on {host}:{port}: {cause}"))
        };
        let listener = TcpListener::bind((host, port)).map_err(deaf)?;
        let address = listener.local_addr().map_err(deaf)?;
        let accepting = Arc::clone(&shared);
        let thread = std::thread::spawn(move || accept(&listener, &accepting));
        Ok(Self {
            shared,
            address,
            listener: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every statement that came, in order.
    pub fn log(&self) -> Vec<Logged> {
        self.shared.log.all()
    }

    /// The statements that are being run at this moment.
    pub fn running(&self) -> Vec<String> {
        let clients = self.shared.clients();
        clients
            .values()
            .filter_map(|client| client.running.clone())
            .collect()
    }

    /// Calls a function with every statement from now on, when it is done.
    pub fn on_statement(&self, told: impl Fn(&Logged) + Send + Sync + 'static) {
        self.shared.log.tell(Box::new(told));
    }

    /// Makes something go wrong from now on.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.faults.add(fault);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Whoever waits for the next client is woken by one.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        let clients = std::mem::take(&mut *self.shared.clients());
        for client in clients.values() {
            if let Some(cancel) = &client.cancel {
                cancel();
            }
            let _ = client.socket.shutdown(Shutdown::Both);
        }
        for thread in clients.into_values().filter_map(|client| client.thread) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn clients(&self) -> MutexGuard<'_, BTreeMap<i32, Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a session is doing.
    fn runs(&self, pid: i32, text: Option<&str>) {
        if let Some(client) = self.clients().get_mut(&pid) {
            client.running = text.map(str::to_owned);
        }
    }

    /// The sessions that there are: their numbers, users, when they began, and what they are doing.
    fn sessions(&self) -> Vec<(i32, String, jiff::Timestamp, Option<String>)> {
        let clients = self.clients();
        let living = clients.iter().filter(|(_, client)| !client.done);
        living
            .filter_map(|(pid, client)| {
                let (user, since) = client.session.clone()?;
                Some((*pid, user, since, client.running.clone()))
            })
            .collect()
    }

    /// Stops what a session is doing, when the secret is right. Nobody is told whether it was.
    fn cancel(&self, pid: i32, secret: Option<i32>) -> bool {
        let cancel = self.clients().get(&pid).and_then(|client| {
            let right = secret.is_none_or(|secret| secret == client.secret);
            client.cancel.clone().filter(|_| right)
        });
        let Some(cancel) = cancel else { return false };
        cancel();
        true
    }

    /// Ends a session.
    fn terminate(&self, pid: i32) -> bool {
        let found = self.clients().get(&pid).map(|client| {
            let _ = client.socket.shutdown(Shutdown::Both);
            client.cancel.clone()
        });
        if let Some(Some(cancel)) = &found {
            cancel();
        }
        found.is_some()
    }
}

/// Gives every client a thread.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for socket in listener.incoming() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(socket) = socket else { continue };
        let Ok(kept) = socket.try_clone() else {
            continue;
        };
        let pid = shared.next_pid.fetch_add(1, Ordering::SeqCst);
        let mut clients = shared.clients();
        // Threads that have ended are only waited for here, where nobody waits for us.
        clients.retain(|_, client| !client.done);
        let serving = Arc::clone(shared);
        let thread = std::thread::spawn(move || {
            login::serve(socket, &serving, pid);
            if let Some(client) = serving.clients().get_mut(&pid) {
                let _ = client.socket.shutdown(Shutdown::Both);
                client.cancel = None;
                client.done = true;
            }
        });
        clients.insert(
            pid,
            Client {
                secret: login::random_number(),
                socket: kept,
                cancel: None,
                session: None,
                running: None,
                thread: Some(thread),
                done: false,
            },
        );
    }
}

fn certificate_of(certificate: &Path, key: &Path) -> Result<Arc<rustls::ServerConfig>, Error> {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let unreadable = |path: &Path, cause: &dyn std::fmt::Display| {
        wrong(format!("cannot read `{}`: {cause}", path.display()))
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| unreadable(certificate, &cause))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|cause| unreadable(key, &cause))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map(Arc::new)
        .map_err(|cause| wrong(format!("the certificate cannot be used: {cause}")))
}

fn wrong(message: String) -> Error {
    Error::new(ErrorClass::User, message)
}
