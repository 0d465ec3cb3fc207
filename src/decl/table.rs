//! One declaration of a table's keys, from which its reader and its JSON Schema both come.

/// Declares a table: a field a key, `Must<T>` or `May<T>`; `also_touches` is written `also-touches`.
macro_rules! table {
    ($(#[$meta:meta])* pub struct $name:ident { $( $(#[$doc:meta])* pub $field:ident : $ty:ty ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, schemars::JsonSchema)]
        #[schemars(rename_all = "kebab-case", deny_unknown_fields)]
        pub struct $name {
            $( $(#[$doc])* pub $field: $ty, )*
            /// Keys that are written and could not be read: they are empty above, and yet not missing.
            #[schemars(skip)]
            #[allow(dead_code, reason = "a lock is read whole or not at all")]
            pub unread: Vec<&'static str>,
        }

        impl $name {
            /// Reads the keys of an opened table; what is left over is unknown.
            pub(crate) fn read(mut table: $crate::decl::reader::Table<'_, '_>) -> Self {
                $( let $field = $crate::decl::reader::Field::read(&mut table, {
                    const KEY: &str = stringify!($field);
                    const TEXT: [u8; KEY.len()] = $crate::decl::table::kebab(KEY);
                    $crate::decl::table::text($crate::decl::table::unraw(&TEXT))
                }); )*
                let unread = table.finish();
                Self { $( $field, )* unread }
            }
        }

        impl $crate::decl::reader::Decode for $name {
            fn example() -> String {
                $crate::decl::table::example(&[$( stringify!($field) ),*])
            }

            fn decode(node: $crate::decl::reader::Node<'_>, reader: &mut $crate::decl::reader::Reader) -> Option<Self> {
                reader.table_of(node, Self::example).map(Self::read)
            }
        }
    };
}

/// Declares a set of words, each a value of an enum.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident ($what:literal) { $( $(#[$doc:meta])* $variant:ident = $word:literal ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema)]
        pub enum $name {
            $( $(#[$doc])* #[schemars(rename = $word)] $variant, )*
        }

        impl $name {
            /// Every word, in the order of the declaration.
            pub const WORDS: &'static [&'static str] = &[$( $word ),*];

            /// The word as written.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }

            /// The value of a word.
            #[must_use]
            pub fn of(word: &str) -> Option<Self> {
                match word { $( $word => Some(Self::$variant), )* _ => None }
            }
        }

        impl $crate::decl::reader::Decode for $name {
            fn example() -> String {
                Self::WORDS.first().map_or(String::new(), |word| format!("\"{word}\""))
            }

            fn decode(node: $crate::decl::reader::Node<'_>, reader: &mut $crate::decl::reader::Reader) -> Option<Self> {
                $crate::decl::leaf::word(node, reader, $what, Self::WORDS).and_then(|word| Self::of(&word))
            }
        }
    };
}

pub(crate) use {table, words};

/// What a table looks like: its first keys.
pub(crate) fn example(fields: &[&str]) -> String {
    let shown: Vec<String> = fields
        .iter()
        .take(3)
        .map(|field| format!("{} = …", field.trim_start_matches("r#").replace('_', "-")))
        .collect();
    format!("{{ {} }}", shown.join(", "))
}

/// A field's name as a key, at compile time.
#[expect(clippy::indexing_slicing, reason = "it runs while compiling, where a panic is an error of the compiler")]
pub(crate) const fn kebab<const N: usize>(name: &str) -> [u8; N] {
    let bytes = name.as_bytes();
    let mut out = [0; N];
    let mut at = 0;
    while at < N {
        out[at] = if bytes[at] == b'_' { b'-' } else { bytes[at] };
        at += 1;
    }
    out
}

/// A raw identifier (`r#type`) without its prefix.
pub(crate) const fn unraw(name: &'static [u8]) -> &'static [u8] {
    match name {
        [b'r', b'#', rest @ ..] => rest,
        whole => whole,
    }
}

/// The text of bytes that came from an identifier.
pub(crate) const fn text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}
