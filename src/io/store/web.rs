//! A web server that takes PUT, as `WebDAV` does, and is proved to keep conditions.

use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH,
};
use http::{HeaderValue, Method, StatusCode};
use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector as _, HttpRequest, HttpRequestBody, ReqwestConnector};
use tokio::runtime::Runtime;
use url::Url;

use super::cloud::{because, bounded, innermost, runtime};
use super::patience::Patience;
use super::{Entry, Found, Headers, MAX_OBJECT, Refused, Store, Version, When, doing_in};
use crate::io::IoError;

/// A folder of a web server.
pub struct Web {
    runtime: Runtime,
    client: HttpClient,
    /// Ends in `/`.
    root: Url,
    authorization: Option<HeaderValue>,
    shown: String,
}

impl Web {
    /// Objects below an address; `authorization` is the whole header of that name.
    ///
    /// # Errors
    /// When the header cannot be sent, or the machine refuses threads.
    pub fn at(mut root: Url, authorization: Option<&str>, patience: Patience) -> Result<Self, IoError> {
        let doing = || format!("cannot publish to `{root}`");
        let authorization = match authorization {
            Some(text) => {
                let mut value = HeaderValue::from_str(text)
                    .map_err(|_| IoError::new(doing(), "`ALLOTMENT_HTTP_AUTHORIZATION` cannot be sent"))?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        let options = ClientOptions::new()
            .with_allow_http(true)
            .with_timeout(patience.once())
            .with_connect_timeout(patience.once())
            .with_user_agent(HeaderValue::from_static(concat!("allot/", env!("CARGO_PKG_VERSION"))));
        let client = ReqwestConnector::default().connect(&options);
        let client = client.map_err(|cause| IoError::new(doing(), innermost(&cause)))?;
        if !root.path().ends_with('/') {
            root.set_path(&format!("{}/", root.path()));
        }
        let shown = format!("`{root}`");
        Ok(Self { runtime: runtime()?, client, root, authorization, shown })
    }

    fn wrong(&self, doing: &str, path: &str, cause: impl std::fmt::Display) -> Refused {
        IoError::new(self.doing(doing, path), cause).into()
    }

    fn doing(&self, doing: &str, path: &str) -> String {
        doing_in(doing, path, &self.shown)
    }

    /// Sends one request, once, and gives the status, the `ETag` and the body.
    fn send(
        &self,
        method: Method,
        path: &str,
        doing: &str,
        headers: &[(HeaderName, &str)],
        body: Option<&[u8]>,
    ) -> Result<(StatusCode, Option<String>, Vec<u8>), Refused> {
        let url = self.root.join(path).map_err(|cause| self.wrong(doing, path, cause))?;
        let mut request = http::Request::builder().method(method).uri(url.as_str());
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let body = body.map_or_else(HttpRequestBody::empty, |bytes| HttpRequestBody::from(bytes.to_vec()));
        let request: HttpRequest = request.body(body).map_err(|cause| self.wrong(doing, path, cause))?;
        self.runtime.block_on(async {
            let failed = |cause: &(dyn std::error::Error + 'static)| -> Refused {
                because(self.doing(doing, path), cause).into()
            };
            let answer = self.client.execute(request).await.map_err(|cause| failed(&cause))?;
            let tag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
            let status = answer.status();
            let length =
                answer.headers().get(http::header::CONTENT_LENGTH).and_then(|text| text.to_str().ok()?.parse().ok());
            if length.is_some_and(|length: u64| length > MAX_OBJECT) {
                return Err(self.wrong(doing, path, "it is too large"));
            }
            // Who says no length may send without end.
            let bytes = bounded(answer.into_body().bytes_stream(), MAX_OBJECT).await.map_err(|cause| failed(&cause))?;
            Ok((status, tag, bytes.ok_or_else(|| self.wrong(doing, path, "it is too large"))?))
        })
    }
}

impl Store for Web {
    fn shown(&self) -> &str {
        &self.shown
    }

    fn get(&self, path: &str) -> Result<Option<Found>, Refused> {
        // What lies between may have an older answer, or a compressed one.
        let headers = [(CACHE_CONTROL, "no-cache"), (http::header::ACCEPT_ENCODING, "identity")];
        match self.send(Method::GET, path, "read", &headers, None)? {
            (StatusCode::OK, e_tag, bytes) => Ok(Some(Found { bytes, version: Version { e_tag, version: None } })),
            (StatusCode::NOT_FOUND | StatusCode::GONE, ..) => Ok(None),
            (status, ..) => Err(self.wrong("read", path, format!("the server answers {status}"))),
        }
    }

    fn put(&self, path: &str, bytes: &[u8], headers: Headers, when: &When) -> Result<(), Refused> {
        let mut all = vec![(CONTENT_TYPE, headers.content_type), (CACHE_CONTROL, headers.cache_control)];
        if let Some(encoding) = headers.content_encoding {
            all.push((CONTENT_ENCODING, encoding));
        }
        match when {
            When::Always => {}
            When::Absent => all.push((IF_NONE_MATCH, "*")),
            When::Is(version) => {
                let tag = version.e_tag.as_deref();
                let tag = tag.ok_or_else(|| self.wrong("write", path, "the server gives no ETag for it"))?;
                all.push((IF_MATCH, tag));
            }
        }
        match self.send(Method::PUT, path, "write", &all, Some(bytes))? {
            (StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT, ..) => Ok(()),
            (StatusCode::PRECONDITION_FAILED, ..) => Err(Refused::Changed),
            (status, ..) => Err(self.wrong("write", path, format!("the server answers {status}"))),
        }
    }

    fn list(&self) -> Result<Vec<Entry>, Refused> {
        Err(self.wrong("list", "", "a web server does not say what it has"))
    }

    fn lists(&self) -> bool {
        false
    }

    fn delete(&self, path: &str) -> Result<(), Refused> {
        match self.send(Method::DELETE, path, "remove", &[], None)? {
            (status, ..) if status.is_success() || status == StatusCode::NOT_FOUND => Ok(()),
            (status, ..) => Err(self.wrong("remove", path, format!("the server answers {status}"))),
        }
    }

    fn has_siblings(&self) -> bool {
        false
    }

    fn is_doubtful(&self) -> bool {
        true
    }
}
