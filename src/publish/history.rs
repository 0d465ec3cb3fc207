//! The manifests that were served, one object for each serial.

/// Where the copy of the manifest with a serial lies. There is one manifest of each serial: it is written after the manifest
/// was exchanged, which only one publisher of a serial can do.
#[must_use]
pub fn path_of_serial(serial: u64) -> String {
    format!("manifests/{serial:010}.json")
}

/// The serial of such a path.
#[must_use]
pub fn serial_of_path(path: &str) -> Option<u64> {
    let digits = path.strip_prefix("manifests/")?.strip_suffix(".json")?;
    let serial = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    (path_of_serial(serial) == path).then_some(serial)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_order_as_serials_do_and_come_back() {
        assert!(path_of_serial(9) < path_of_serial(10));
        for serial in [0, 1, 42, 9_999_999_999, 10_000_000_000, u64::MAX] {
            assert_eq!(serial_of_path(&path_of_serial(serial)), Some(serial));
        }
        for other in ["manifests/1.json", "manifests/-000000001.json", "manifests/a.json", "home/0000000001.json", ""] {
            assert_eq!(serial_of_path(other), None);
        }
    }
}
