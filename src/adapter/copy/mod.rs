//! Redshift's `COPY`, done here: files of a folder in, typed rows out, by COPY's rules and with its words for what is wrong.
//!
//! In: a [`Copy`], and the [`Folders`] that stand for S3. Out: rows of [`Cell`]s, given to a [`Rows`] one by one.
//! Does not know which engine keeps the rows.

mod folders;

pub use folders::Folders;
