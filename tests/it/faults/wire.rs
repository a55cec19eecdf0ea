//! A wire between the program and its server: the PostgreSQL protocol passed on message by message, and broken where a test says so.
//!
//! It counts the messages that make the server do something: a simple query, a statement to prepare, the end of copied rows.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The longest that anything here waits.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a request to cancel may take.
const MOMENT: Duration = Duration::from_secs(1);
const CANCEL_REQUEST: i32 = 80_877_102;
const SSL_REQUEST: i32 = 80_877_103;

/// What goes wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks, and the server never sees the message.
    DropBefore,
    /// The connection breaks after the server has done what the message says, before its answer.
    DropAfter,
    /// The same as [`Fault::DropBefore`], and no connection is made from then on.
    DropForGood,
    /// The server fails with 40001, as when somebody else's transaction was first.
    Serialization,
    /// Ctrl-C while the server works.
    CancelRunning,
    /// Ctrl-C when the server is done, before its answer.
    CancelDone,
}

impl Fault {
    pub const ALL: [Self; 6] = [
        Self::DropBefore,
        Self::DropAfter,
        Self::DropForGood,
        Self::Serialization,
        Self::CancelRunning,
        Self::CancelDone,
    ];

    pub fn cancels(self) -> bool {
        matches!(self, Self::CancelRunning | Self::CancelDone)
    }
}

/// What this server must be sent so that it fails, or does not answer.
#[derive(Clone, Copy)]
pub struct Words {
    /// Fails with SQLSTATE 40001.
    pub fails: &'static str,
    /// Runs until it is cancelled.
    pub hangs: &'static str,
}

/// The message that meets a fault: told by its words, since its number is another one when a busy machine makes the program ask twice.
#[derive(Clone, Debug)]
pub struct Aim {
    /// [`Sent::words`] of the message.
    pub words: String,
    /// How many of the same words go before it.
    pub before: usize,
    pub fault: Fault,
}

/// A message that the program sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its type in the protocol: `Q`, `P` or `c`.
    pub tag: u8,
    /// Its SQL, if it has some.
    pub sql: String,
}

impl Sent {
    /// Its type and its SQL, without what differs from build to build: numbers, and how many of them stand in a list.
    pub fn words(&self) -> String {
        let mut words = char::from(self.tag).to_string();
        let mut number = false;
        let mut between = String::new();
        for letter in self.sql.chars() {
            match letter {
                '0'..='9' => {
                    if !number {
                        words.push('#');
                    }
                    number = true;
                    between.clear();
                }
                ',' | ' ' if number => between.push(letter),
                _ => {
                    words.push_str(&between);
                    words.push(letter);
                    between.clear();
                    number = false;
                }
            }
        }
        words
    }
}

#[derive(Default)]
struct Now {
    sent: Vec<Sent>,
    fault: Option<Aim>,
    /// Whether the fault's place was reached; for Ctrl-C, that it may come.
    reached: bool,
    /// Whether Ctrl-C has come since then.
    interrupted: bool,
    /// Whether a request to cancel has gone to the server since then.
    cancelled: bool,
    closed: bool,
}

struct State {
    server: SocketAddr,
    words: Words,
    now: Mutex<Now>,
    changed: Condvar,
}

/// The wire. Threads of its connections end with these.
pub struct Wire {
    pub port: u16,
    state: Arc<State>,
}

impl Wire {
    pub fn to(server: SocketAddr, words: Words) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State {
            server,
            words,
            now: Mutex::default(),
            changed: Condvar::new(),
        });
        let accepting = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&accepting);
                // A connection that breaks off is what is wanted here.
                thread::spawn(move || drop(serve(client, &state)));
            }
        });
        Self { port, state }
    }

    /// Begins anew: the message that is aimed at meets the fault.
    pub fn arm(&self, fault: Option<Aim>) {
        *self.state.now() = Now {
            fault,
            ..Now::default()
        };
    }

    /// The messages since [`Wire::arm`].
    pub fn sent(&self) -> Vec<Sent> {
        self.state.now().sent.clone()
    }

    /// Tells that Ctrl-C has come.
    pub fn interrupted(&self) {
        self.state.now().interrupted = true;
        self.state.changed.notify_all();
    }

    /// Whether the fault's place was reached.
    pub fn reached(&self) -> bool {
        self.state.now().reached
    }
}

impl State {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self) {
        self.now().reached = true;
        self.changed.notify_all();
    }

    /// Waits until a request to cancel has gone to the server, or the program had time to send one.
    fn wait_for_cancel(&self) {
        let now = self.now();
        let waited = self
            .changed
            .wait_timeout_while(now, PATIENCE, |now| !now.interrupted);
        let (now, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_timeout_while(now, MOMENT, |now| !now.cancelled);
        drop(waited);
    }

    /// Counts a message, and tells what goes wrong with it.
    fn next(&self, message: &Message) -> Option<Fault> {
        let sql = match message.tag {
            b'Q' => text(&message.body),
            b'P' => {
                // The name of the statement stands first.
                let name = message.body.iter().position(|byte| *byte == 0)?;
                text(&message.body[name + 1..])
            }
            b'c' => String::new(),
            _ => return None,
        };
        let sent = Sent {
            tag: message.tag,
            sql,
        };
        let words = sent.words();
        let mut now = self.now();
        now.sent.push(sent);
        let aim = now.fault.as_mut().filter(|aim| aim.words == words)?;
        if aim.before > 0 {
            aim.before -= 1;
            return None;
        }
        let fault = now.fault.take()?.fault;
        now.reached = !fault.cancels();
        now.closed = fault == Fault::DropForGood;
        Some(fault)
    }
}

/// Text up to the zero that ends it.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned()
}

struct Message {
    tag: u8,
    body: Vec<u8>,
}

impl Message {
    fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut tag = [0];
        from.read_exact(&mut tag)?;
        let body = body(from)?;
        Ok(Self { tag: tag[0], body })
    }

    fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut bytes = vec![self.tag];
        bytes.extend(frame(&self.body));
        to.write_all(&bytes)
    }

    fn query(sql: &str) -> Self {
        Self {
            tag: b'Q',
            body: [sql.as_bytes(), &[0]].concat(),
        }
    }
}

fn body(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(4);
    let mut body = vec![0; length.saturating_sub(4)];
    from.read_exact(&mut body)?;
    Ok(body)
}

fn frame(body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(body.len() + 4).expect("a short message");
    [&length.to_be_bytes(), body].concat()
}

/// What to do with the answers of the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answers {
    PassedOn,
    /// They are lost, and with them the connection.
    Lost,
    /// They wait for a request to cancel.
    Held,
    /// The error among them becomes one of serialization.
    Serialization,
}

fn serve(mut client: TcpStream, state: &Arc<State>) -> io::Result<()> {
    let startup = loop {
        let startup = body(&mut client)?;
        match startup.first_chunk().map(|code| i32::from_be_bytes(*code)) {
            Some(SSL_REQUEST) => client.write_all(b"N")?,
            Some(CANCEL_REQUEST) => return cancel(&startup, state),
            _ => break startup,
        }
    };
    if state.now().closed {
        return Ok(());
    }
    let mut server = TcpStream::connect(state.server)?;
    // Small messages would wait for one another on their way.
    for socket in [&client, &server] {
        socket.set_nodelay(true)?;
    }
    server.write_all(&frame(&startup))?;
    let answers = Arc::new(Mutex::new(Answers::PassedOn));
    let back = {
        let (from, to) = (server.try_clone()?, client.try_clone()?);
        let (answers, state) = (Arc::clone(&answers), Arc::clone(state));
        thread::spawn(move || {
            let (closed_from, closed_to) = (from.try_clone(), to.try_clone());
            let _ = answer(from, to, &answers, &state);
            for socket in [closed_from, closed_to].into_iter().flatten() {
                let _ = socket.shutdown(Shutdown::Both);
            }
        })
    };
    let _ = ask(&mut client, &mut server, &answers, state);
    let _ = server.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
    let _ = back.join();
    Ok(())
}

fn cancel(request: &[u8], state: &State) -> io::Result<()> {
    let mut server = TcpStream::connect(state.server)?;
    server.write_all(&frame(request))?;
    // The server closes when it has passed the request on.
    let _ = server.read(&mut [0]);
    state.now().cancelled = true;
    state.changed.notify_all();
    Ok(())
}

/// From the program to the server.
fn ask(
    client: &mut TcpStream,
    server: &mut TcpStream,
    answers: &Mutex<Answers>,
    state: &State,
) -> io::Result<()> {
    let set = |to| *answers.lock().unwrap_or_else(PoisonError::into_inner) = to;
    loop {
        let mut message = Message::read(client)?;
        match state.next(&message) {
            None => {}
            Some(Fault::DropBefore | Fault::DropForGood) => return Ok(()),
            Some(Fault::DropAfter) => set(Answers::Lost),
            Some(Fault::CancelDone) => set(Answers::Held),
            Some(Fault::Serialization) if message.tag == b'Q' => {
                message = Message::query(state.words.fails);
            }
            Some(Fault::Serialization) => {
                set(Answers::Serialization);
                message = Message {
                    tag: b'f',
                    body: b"lost against somebody\0".to_vec(),
                };
            }
            Some(Fault::CancelRunning) if message.tag == b'Q' => {
                message = Message::query(state.words.hangs);
                state.reach();
            }
            // A server that waits for rows sees the request with the next of them.
            Some(Fault::CancelRunning) => {
                state.reach();
                state.wait_for_cancel();
            }
        }
        message.write(server)?;
    }
}

/// From the server to the program.
fn answer(
    mut server: TcpStream,
    mut client: TcpStream,
    answers: &Mutex<Answers>,
    state: &State,
) -> io::Result<()> {
    let mut held = Vec::new();
    loop {
        let mut message = Message::read(&mut server)?;
        // Ready for the next query, or for the rows of a copy.
        let last = matches!(message.tag, b'Z' | b'G');
        let doing = *answers.lock().unwrap_or_else(PoisonError::into_inner);
        match doing {
            Answers::PassedOn => message.write(&mut client)?,
            Answers::Lost if last => return Ok(()),
            Answers::Lost => {}
            Answers::Serialization => {
                if message.tag == b'E' {
                    message.body = b"SERROR\0C40001\0Mcould not serialize access\0\0".to_vec();
                }
                message.write(&mut client)?;
            }
            Answers::Held => {
                held.push(message);
                if last {
                    state.reach();
                    state.wait_for_cancel();
                    for message in held.drain(..) {
                        message.write(&mut client)?;
                    }
                    *answers.lock().unwrap_or_else(PoisonError::into_inner) = Answers::PassedOn;
                }
            }
        }
    }
}
