//! The arguments of a method of a table, by place or by name.
//!
//! In: what a template calls a method with. Out: [`Given`]; an argument that the method does not have is an error, not left unread.

use minijinja::value::Kwargs;
use minijinja::{Error, ErrorKind, Value};

/// The arguments of a method, by place or by name.
pub(super) struct Given<'a> {
    method: &'a str,
    parameters: &'a [&'a str],
    values: Vec<Option<Value>>,
}

impl<'a> Given<'a> {
    /// # Errors
    /// Arguments that the method has not.
    pub(super) fn new(
        method: &'a str,
        parameters: &'a [&'a str],
        args: &[Value],
    ) -> Result<Self, Error> {
        let (args, keywords): (&[Value], Option<Kwargs>) = match args.split_last() {
            Some((last, rest)) if last.is_kwargs() => (rest, Kwargs::try_from(last.clone()).ok()),
            _ => (args, None),
        };
        let known = || match parameters {
            [] => "it takes none".to_owned(),
            _ => format!("it takes `{}`", parameters.join("`, `")),
        };
        if args.len() > parameters.len() {
            return Err(Error::new(
                ErrorKind::TooManyArguments,
                format!(
                    "`{method}` of a table has {} arguments here: {}",
                    args.len(),
                    known()
                ),
            ));
        }
        let mut values: Vec<Option<Value>> = args.iter().cloned().map(Some).collect();
        values.resize(parameters.len(), None);
        for name in keywords.iter().flat_map(Kwargs::args) {
            let Some(at) = parameters.iter().position(|known| *known == name) else {
                return Err(Error::new(
                    ErrorKind::TooManyArguments,
                    format!(
                        "`{method}` of a table has no argument `{name}` here: {}",
                        known()
                    ),
                ));
            };
            values[at] = keywords
                .as_ref()
                .and_then(|keywords| keywords.peek(name).ok());
        }
        Ok(Self {
            method,
            parameters,
            values,
        })
    }

    /// What was given and is not `none`.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        let at = self.parameters.iter().position(|known| *known == name)?;
        let value = self.values[at].clone();
        value.filter(|value| !value.is_none() && !value.is_undefined())
    }

    /// # Errors
    /// Nothing given.
    pub(super) fn needed(&self, name: &str) -> Result<Value, Error> {
        self.value(name).ok_or_else(|| {
            Error::new(
                ErrorKind::MissingArgument,
                format!("`{}` of a table needs `{name}`", self.method),
            )
        })
    }

    /// # Errors
    /// What is no whole number.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Error> {
        let value = self.value(name);
        value
            .map(|value| {
                value
                    .as_i64()
                    .ok_or_else(|| self.wrong(name, "a whole number"))
            })
            .transpose()
    }

    /// How many at most: all by `none`, and some number where nothing is given.
    pub(super) fn limit(&self, name: &str, default: usize) -> Result<usize, Error> {
        let at = self.parameters.iter().position(|known| *known == name);
        match at.and_then(|at| self.values[at].as_ref()) {
            None => Ok(default),
            Some(value) if value.is_none() => Ok(usize::MAX),
            Some(value) => value.as_usize().ok_or_else(|| self.wrong(name, "a number")),
        }
    }

    pub(super) fn wrong(&self, name: &str, wanted: &str) -> Error {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("`{name}` of `{}` is {wanted}", self.method),
        )
    }
}
