//! Query parameters: each known, each given once unless it may be repeated, all faults at once.

use std::future::{Ready, ready};
use std::ops::RangeInclusive;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::error::{ApiError, Fault};

/// A query that is read from its parameters.
pub trait Query: Sized {
    fn read(parameters: &mut Parameters) -> Self;
}

/// A query that keeps its rules.
#[derive(Debug)]
pub struct ValidQuery<T>(pub T);

impl<T: Query> FromRequest for ValidQuery<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Parameters::parse(request.query_string()).map(Self))
    }
}

#[derive(Debug)]
pub struct Parameters {
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

impl Parameters {
    pub fn parse<T: Query>(query: &str) -> Result<T, ApiError> {
        let given = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut parameters = Self { given, known: Vec::new(), faults: Vec::new() };
        let read = T::read(&mut parameters);
        parameters.finish(read)
    }

    /// The value of a parameter that may be given once.
    pub fn one(&mut self, name: &'static str) -> Option<String> {
        let values = self.take(name);
        if values.len() > 1 {
            self.fault(name, "repeated", "must be given once");
        }
        values.into_iter().next()
    }

    fn take(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        let given = std::mem::take(&mut self.given);
        let (taken, rest): (Vec<_>, Vec<_>) = given.into_iter().partition(|(key, _)| key == name);
        self.given = rest;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// The values of a parameter that may be given up to `max` times.
    pub fn many(&mut self, name: &'static str, max: usize) -> Vec<String> {
        let values = self.take(name);
        if values.len() > max {
            self.fault(name, "repeated", format!("must be given at most {max} times"));
        }
        values
    }

    /// The values of a parameter that is one of these words and may be repeated, each value once.
    pub fn words<T: Copy + PartialEq>(&mut self, name: &'static str, words: &[(&str, T)]) -> Vec<T> {
        let mut values = Vec::new();
        for given in self.many(name, words.len()) {
            match words.iter().find(|(word, _)| *word == given) {
                Some((_, value)) if !values.contains(value) => values.push(*value),
                Some(_) => {}
                None => {
                    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                    self.fault(name, "value", format!("must be one of {}", known.join(", ")));
                }
            }
        }
        values
    }

    /// A whole number within bounds.
    pub fn number(&mut self, name: &'static str, bounds: RangeInclusive<u64>) -> Option<u64> {
        let text = self.one(name)?;
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        if number.is_none() {
            let detail = format!("must be a whole number from {} to {}", bounds.start(), bounds.end());
            self.fault(name, "type", detail);
        }
        number
    }

    /// A switch: absent is off.
    pub fn flag(&mut self, name: &'static str) -> bool {
        match self.one(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.fault(name, "type", "must be true or false");
                false
            }
        }
    }

    pub fn fault(&mut self, name: &str, code: &str, detail: impl Into<String>) {
        self.faults.push(Fault::parameter(name, code, detail));
    }

    fn finish<T>(mut self, read: T) -> Result<T, ApiError> {
        let known = if self.known.is_empty() {
            "there are none".to_owned()
        } else {
            format!("they are {}", self.known.join(", "))
        };
        let unknown: Vec<String> = self.given.iter().map(|(name, _)| name.clone()).collect();
        for name in unknown {
            self.fault(&name, "unknown", format!("is not a parameter of this operation; {known}"));
        }
        if self.faults.is_empty() { Ok(read) } else { Err(ApiError::InvalidParameter(self.faults)) }
    }
}

/// An operation without parameters.
impl Query for () {
    fn read(_: &mut Parameters) -> Self {}
}
