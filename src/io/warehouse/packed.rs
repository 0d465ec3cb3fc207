//! Files that are packed with gzip: a store that unpacks them while they are read, a little at a time.

use std::fmt;
use std::io::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use flate2::write::MultiGzDecoder;
use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// How much is unpacked at once: a byte becomes a thousand at most.
const PIECE: usize = 8 << 10;

/// The longest line that is read: a small file may unpack to one without an end.
const LONGEST: usize = 64 << 20;

/// What the library calls a store in its errors.
const NAME: &str = "gzip";

/// Files of another store, unpacked.
#[derive(Debug)]
pub(super) struct Unpacked {
    pub packed: Arc<dyn ObjectStore>,
    /// How many bytes are unpacked, up to a line's end; all where nothing is said.
    pub most: Option<usize>,
}

/// What is wrong with a packed file.
#[derive(Debug)]
pub(super) struct Wrong {
    file: String,
    why: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.file, self.why)
    }
}

impl std::error::Error for Wrong {}

/// A file while it is unpacked.
struct Unpacking<S, B> {
    input: S,
    chunk: Option<(B, usize)>,
    decoder: Option<MultiGzDecoder<Vec<u8>>>,
    /// How long the present line is so far.
    line: usize,
    file: String,
}

impl<S: Stream<Item = Result<B>> + Unpin, B: AsRef<[u8]>> Unpacking<S, B> {
    fn wrong(&self, why: impl fmt::Display) -> Error {
        let wrong = Wrong { file: self.file.clone(), why: why.to_string() };
        Error::Generic { store: NAME, source: Box::new(wrong) }
    }

    /// The next bytes, if there are any left.
    async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            let Some(decoder) = &mut self.decoder else { return Ok(None) };
            let done = match &mut self.chunk {
                Some((chunk, at)) => {
                    let rest = chunk.as_ref().get(*at..).unwrap_or(&[]);
                    let piece = rest.get(..PIECE).unwrap_or(rest);
                    *at += piece.len();
                    let last = piece.len() == rest.len();
                    let done = decoder.write_all(piece);
                    if last {
                        self.chunk = None;
                    }
                    done
                }
                None => match self.input.next().await {
                    Some(chunk) => {
                        self.chunk = Some((chunk?, 0));
                        continue;
                    }
                    None => {
                        let done = decoder.try_finish();
                        let bytes = std::mem::take(decoder.get_mut());
                        self.decoder = None;
                        done.map_err(|why| self.wrong(format!("is not a whole gzip file: {why}")))?;
                        return Ok(Some(bytes).filter(|bytes| !bytes.is_empty()));
                    }
                },
            };
            let bytes = std::mem::take(decoder.get_mut());
            done.map_err(|why| self.wrong(format!("is not a whole gzip file: {why}")))?;
            self.line = match bytes.iter().rposition(|byte| *byte == b'\n') {
                Some(end) => bytes.len() - end,
                None => self.line + bytes.len(),
            };
            if self.line > LONGEST {
                return Err(self.wrong(format!("has a line of more than {} MB", LONGEST >> 20)));
            }
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }
}

/// Unpacks what comes.
fn unpacked<B: AsRef<[u8]> + Send + 'static>(
    input: BoxStream<'static, Result<B>>,
    file: &Path,
) -> BoxStream<'static, Result<Vec<u8>>> {
    let file = file.filename().unwrap_or_default().to_owned();
    let decoder = Some(MultiGzDecoder::new(Vec::new()));
    let unpacking = Unpacking { input, chunk: None, decoder, line: 0, file };
    stream::try_unfold(
        unpacking,
        |mut unpacking| async move { Ok(unpacking.next().await?.map(|bytes| (bytes, unpacking))) },
    )
    .boxed()
}

/// The first bytes up to a line's end, whole where there are no more.
async fn first(mut all: BoxStream<'static, Result<Vec<u8>>>, most: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(more) = all.next().await {
        bytes.extend(more?);
        if bytes.len() >= most {
            let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
            bytes.truncate(end);
            break;
        }
    }
    Ok(bytes)
}

impl fmt::Display for Unpacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, unpacked", self.packed)
    }
}

impl Unpacked {
    fn refused<T>() -> Result<T> {
        Err(Error::NotSupported { source: "packed files are only read, from their beginning".into() })
    }
}

#[async_trait]
impl ObjectStore for Unpacked {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.range.is_some() {
            return Self::refused();
        }
        let found = self.packed.get_opts(location, options).await?;
        let (meta, range, attributes) = (found.meta.clone(), found.range.clone(), found.attributes.clone());
        let all = unpacked(found.into_stream(), location);
        let payload = match self.most {
            None => all.map(|bytes| bytes.map(Into::into)).boxed(),
            Some(most) => {
                let bytes = first(all, most).await?;
                stream::iter([Ok(bytes.into())]).boxed()
            }
        };
        Ok(GetResult { payload: GetResultPayload::Stream(payload), meta, range, attributes })
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.packed.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.packed.list_with_delimiter(prefix).await
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Self::refused()
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Self::refused()
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        stream::iter([Self::refused()]).boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Self::refused()
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// What comes out of chunks of a size, and how large the largest piece is.
    fn through(bytes: &[u8], size: usize) -> Result<(Vec<u8>, usize)> {
        let chunks: Vec<Result<Vec<u8>>> = bytes.chunks(size).map(|chunk| Ok(chunk.to_vec())).collect();
        let all = unpacked(stream::iter(chunks).boxed(), &Path::from("a/b.csv.gz"));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let pieces: Vec<Result<Vec<u8>>> = runtime.block_on(all.collect());
        let (mut whole, mut largest) = (Vec::new(), 0);
        for piece in pieces {
            let piece = piece?;
            assert!(!piece.is_empty(), "an empty piece would be the end");
            largest = largest.max(piece.len());
            whole.extend(piece);
        }
        Ok((whole, largest))
    }

    #[test]
    fn what_was_packed_comes_out_in_pieces() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(|line| format!("{line},{}\n", line % 7).into_bytes()).collect();
        let mut two = packed(&text[..1_000_000]);
        two.extend(packed(&text[1_000_000..]));
        for whole in [packed(&text), two] {
            for size in [1_000, 100_000, usize::MAX] {
                let (found, largest) = through(&whole, size.min(whole.len())).unwrap();
                assert!(found == text && largest < 1 << 20, "{size}: {largest}");
            }
        }
        assert_eq!(through(&packed(b""), 10).unwrap().0, b"");
    }

    #[test]
    fn what_is_broken_or_has_no_line_has_a_reason() {
        let whole = packed(&b"a,b\n1,2\n".repeat(10_000));
        let said = |bytes: &[u8]| through(bytes, 4_096).unwrap_err().to_string();
        assert!(said(&whole[..whole.len() / 2]).contains("`b.csv.gz` is not a whole gzip file"));
        assert!(said(b"a,b\n1,2\n").contains("`b.csv.gz` is not a whole gzip file"));
        let mut bent = whole.clone();
        let middle = bent.len() / 2;
        bent[middle] ^= 0x55;
        assert!(said(&bent).contains("is not a whole gzip file"));
        // 100 MB of nothing are 100 kB packed, and never in memory at once.
        assert!(said(&packed(&vec![b'a'; 100 << 20])).contains("a line of more than 64 MB"));
    }
}
