//! A stream that has already been greeted, for a client that wants to greet it itself; it listens to what comes through.
//!
//! In: a stream behind its start-up, and the server's last word so far. Out: a stream that swallows the client's own start-up and
//! begins with that word; [`Heard`], what the client does not tell of the answers: types of columns, tags of commands, notices.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest message that is listened to: descriptions, tags and notices are short.
const LONGEST: usize = 4 << 20;

/// The type of a column: its number, and its modifier.
pub(super) type Kind = (u32, i32);

/// What was heard since the last [`Heard::forget`], in order.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// For each answer with rows, the types of its columns.
    pub descriptions: VecDeque<Vec<Kind>>,
    /// For each command that was done, what the server calls it: `INSERT 0 7`.
    pub tags: Vec<String>,
    /// Notices: `Load into table 't' completed, 7 record(s) loaded successfully.`
    pub notices: Vec<String>,
}

/// Shared by a stream and the session that reads it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ear(Arc<Mutex<Heard>>);

impl Ear {
    /// What was heard.
    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins anew, before a statement is sent.
    pub(super) fn forget(&self) {
        *self.heard() = Heard::default();
    }
}

/// The stream.
pub(super) struct Replay<S> {
    inner: S,
    /// What the client reads first.
    first: Bytes,
    /// What of the client's start-up was swallowed, until its length is known and all of it has come.
    swallowed: Swallow,
    listening: Listening,
}

#[derive(Debug)]
enum Swallow {
    Length(BytesMut),
    Rest(usize),
    Done,
}

impl<S> Replay<S> {
    /// A stream that begins with `first`, messages as the server sent them.
    pub(super) fn new(inner: S, first: Bytes, ear: Ear) -> Self {
        Self {
            inner,
            first,
            swallowed: Swallow::Length(BytesMut::new()),
            listening: Listening {
                ear,
                header: [0; 5],
                have: 0,
                left: 0,
                body: None,
            },
        }
    }
}

impl Swallow {
    /// How many of these bytes belong to the start-up.
    fn take(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Length(length) => {
                let wanted = (4 - length.len()).min(bytes.len());
                length.extend_from_slice(&bytes[..wanted]);
                if length.len() == 4 {
                    let all = usize::try_from(length.get_u32()).unwrap_or(usize::MAX);
                    *self = match all.saturating_sub(4) {
                        0 => Self::Done,
                        rest => Self::Rest(rest),
                    };
                }
                wanted
            }
            Self::Rest(rest) => {
                let taken = (*rest).min(bytes.len());
                *rest -= taken;
                if *rest == 0 {
                    *self = Self::Done;
                }
                taken
            }
            Self::Done => 0,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Replay<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let length = self.first.len().min(buffer.remaining());
            buffer.put_slice(&self.first.split_to(length));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(context, buffer);
        self.listening.listen(&buffer.filled()[before..]);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replay<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.swallowed.take(bytes) {
            0 => Pin::new(&mut self.inner).poll_write(context, bytes),
            taken => Poll::Ready(Ok(taken)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Messages, as they come in pieces.
struct Listening {
    ear: Ear,
    header: [u8; 5],
    /// Bytes of the header that have come.
    have: usize,
    /// Bytes of the body that are still to come.
    left: usize,
    /// The body so far, where the message is one to keep.
    body: Option<BytesMut>,
}

impl Listening {
    fn listen(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.have < self.header.len() {
                let wanted = (self.header.len() - self.have).min(bytes.len());
                self.header[self.have..self.have + wanted].copy_from_slice(&bytes[..wanted]);
                self.have += wanted;
                bytes = &bytes[wanted..];
                if self.have < self.header.len() {
                    return;
                }
                let [kind, length @ ..] = self.header;
                let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
                self.left = length.saturating_sub(4);
                let keep = matches!(kind, b'T' | b'C' | b'N') && self.left <= LONGEST;
                self.body = keep.then(BytesMut::new);
            } else {
                let taken = self.left.min(bytes.len());
                if let Some(body) = &mut self.body {
                    body.extend_from_slice(&bytes[..taken]);
                }
                self.left -= taken;
                bytes = &bytes[taken..];
            }
            if self.left == 0 {
                self.have = 0;
                if let Some(body) = self.body.take() {
                    self.hear(self.header[0], body.freeze());
                }
            }
        }
    }

    fn hear(&self, kind: u8, mut body: Bytes) {
        let mut heard = self.ear.heard();
        match kind {
            b'T' => heard
                .descriptions
                .push_back(columns(body).unwrap_or_default()),
            b'C' => heard.tags.extend(text(&mut body)),
            _ => heard.notices.extend(message(body)),
        }
    }
}

/// The columns of a `RowDescription`.
fn columns(mut body: Bytes) -> Option<Vec<Kind>> {
    let count = body.try_get_u16().ok()?;
    let mut kinds = Vec::new();
    for _ in 0..count {
        text(&mut body)?;
        let _table = body.try_get_u32().ok()?;
        let _column = body.try_get_u16().ok()?;
        let oid = body.try_get_u32().ok()?;
        let _size = body.try_get_u16().ok()?;
        let modifier = body.try_get_i32().ok()?;
        let _format = body.try_get_u16().ok()?;
        kinds.push((oid, modifier));
    }
    Some(kinds)
}

/// The words of a notice, field `M`.
fn message(mut body: Bytes) -> Option<String> {
    loop {
        match body.try_get_u8().ok()? {
            0 => return None,
            b'M' => return text(&mut body),
            _ => {
                text(&mut body)?;
            }
        }
    }
}

/// Text up to its closing zero.
fn text(body: &mut Bytes) -> Option<String> {
    let end = body.iter().position(|&byte| byte == 0)?;
    let text = body.split_to(end);
    body.advance(1);
    Some(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_up_is_swallowed_in_whatever_pieces_it_comes() {
        let sent = [0, 0, 0, 10, 1, 2, 3, 4, 5, 6, b'Q', 0];
        for size in 1..=sent.len() {
            let mut swallow = Swallow::Length(BytesMut::new());
            let mut through = Vec::new();
            for piece in sent.chunks(size) {
                let mut piece = piece;
                while !piece.is_empty() {
                    match swallow.take(piece) {
                        0 => {
                            through.extend_from_slice(piece);
                            break;
                        }
                        taken => piece = &piece[taken..],
                    }
                }
            }
            assert_eq!(through, b"Q\0", "in pieces of {size}");
        }
    }

    #[test]
    fn types_tags_and_notices_are_heard_in_whatever_pieces_they_come() {
        let mut sent = Vec::new();
        let mut message = |kind: u8, body: &[u8]| {
            sent.push(kind);
            sent.extend(u32::try_from(body.len() + 4).unwrap().to_be_bytes());
            sent.extend(body);
        };
        let mut description = vec![0, 2];
        for (name, oid, modifier) in [("id", 23_u32, -1_i32), ("doc", 4000, 9)] {
            description.extend(name.as_bytes());
            description.extend([0, 0, 0, 0, 0, 0, 0]);
            description.extend(oid.to_be_bytes());
            description.extend([0, 4]);
            description.extend(modifier.to_be_bytes());
            description.extend([0, 0]);
        }
        message(b'T', &description);
        message(b'D', &[0, 1, 0, 0, 0, 1, b'T']);
        message(b'N', b"SINFO\0MLoad completed\0\0");
        message(b'C', b"SELECT 1\0");
        message(b'Z', b"I");
        for size in 1..=sent.len() {
            let ear = Ear::default();
            let mut replay = Replay::new((), Bytes::new(), ear.clone());
            for piece in sent.chunks(size) {
                replay.listening.listen(piece);
            }
            let heard = ear.heard();
            assert_eq!(heard.descriptions, [vec![(23, -1), (4000, 9)]]);
            assert_eq!(heard.tags, ["SELECT 1"]);
            assert_eq!(heard.notices, ["Load completed"], "in pieces of {size}");
        }
    }
}
