//! Messages of the PostgreSQL protocol over one socket, with or without TLS.
//!
//! In: bytes. Out: messages, by the codec of `pgwire`. Blocks; what is sent waits until it is flushed.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use pgwire::messages::{DecodeContext, PgWireBackendMessage, PgWireFrontendMessage};

/// The bytes that wait before they are sent at once.
const WAITING: usize = 64 * 1024;

enum Stream {
    Plain(TcpStream),
    Tls(Box<rustls::StreamOwned<rustls::ServerConnection, TcpStream>>),
    /// Between the two.
    Gone,
}

impl Stream {
    fn io(&mut self) -> io::Result<&mut dyn ReadWrite> {
        match self {
            Self::Plain(stream) => Ok(stream),
            Self::Tls(stream) => Ok(stream.as_mut()),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

/// One client's connection.
pub(super) struct Wire {
    stream: Stream,
    socket: TcpStream,
    input: BytesMut,
    output: BytesMut,
    context: DecodeContext,
}

impl Wire {
    /// Takes a socket that was just accepted.
    pub fn new(socket: TcpStream) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        Ok(Self {
            stream: Stream::Plain(socket.try_clone()?),
            socket,
            input: BytesMut::new(),
            output: BytesMut::new(),
            context: DecodeContext::default(),
        })
    }

    /// The next message; `None` when the client has gone.
    pub fn read(&mut self) -> io::Result<Option<PgWireFrontendMessage>> {
        loop {
            let message = PgWireFrontendMessage::decode(&mut self.input, &self.context)
                .map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause.to_string()))?;
            if let Some(message) = message {
                return Ok(Some(message));
            }
            let mut bytes = [0; 16 * 1024];
            let read = self.stream.io()?.read(&mut bytes)?;
            if read == 0 {
                return Ok(None);
            }
            self.input.extend_from_slice(&bytes[..read]);
        }
    }

    /// Whether the next message may still ask for TLS.
    pub fn expects_negotiation(&mut self, expected: bool) {
        self.context.awaiting_frontend_ssl = expected;
    }

    /// The start-up is over: only messages with a type follow.
    pub fn started(&mut self) {
        self.context.awaiting_frontend_ssl = false;
        self.context.awaiting_frontend_startup = false;
    }

    /// Puts a message into what will be sent.
    pub fn send(&mut self, message: &PgWireBackendMessage) -> io::Result<()> {
        message
            .encode(&mut self.output)
            .map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause.to_string()))?;
        if self.output.len() > WAITING {
            self.flush()?;
        }
        Ok(())
    }

    /// Puts a message that the codec does not know into what will be sent.
    pub fn send_raw(&mut self, kind: u8, body: &[u8]) {
        self.output.put_u8(kind);
        self.output
            .put_i32(i32::try_from(body.len() + 4).unwrap_or(i32::MAX));
        self.output.put_slice(body);
    }

    /// Sends one byte: the answer to a request for TLS.
    pub fn send_byte(&mut self, byte: u8) -> io::Result<()> {
        self.output.put_u8(byte);
        self.flush()
    }

    /// Sends what waits.
    pub fn flush(&mut self) -> io::Result<()> {
        let io = self.stream.io()?;
        io.write_all(&self.output)?;
        io.flush()?;
        self.output.clear();
        Ok(())
    }

    /// From here on all bytes go through TLS. The handshake happens with the next message.
    pub fn encrypt(&mut self, config: &Arc<rustls::ServerConfig>) -> io::Result<()> {
        let connection = rustls::ServerConnection::new(Arc::clone(config))
            .map_err(|cause| io::Error::other(cause.to_string()))?;
        match std::mem::replace(&mut self.stream, Stream::Gone) {
            Stream::Plain(socket) => {
                self.stream = Stream::Tls(Box::new(rustls::StreamOwned::new(connection, socket)));
                Ok(())
            }
            other => {
                self.stream = other;
                Err(io::Error::other("TLS inside TLS"))
            }
        }
    }

    /// Whether the bytes go through TLS.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// Ends the connection without a word, as a network that fails does.
    pub fn drop_connection(&mut self) {
        self.output.clear();
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}
