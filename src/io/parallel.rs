//! Many small waits at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Calls a function on every item, some at a time, and gives the answers in the order of the items. After a first failure
/// nothing new is begun, and what was begun is waited for.
///
/// # Errors
/// The failure that came first.
pub fn each<T: Sync, R: Send, E: Send>(
    items: &[T],
    at_once: usize,
    act: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<E>> = Mutex::new(None);
    let answers: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    let is_failed = || failed.lock().is_ok_and(|failed| failed.is_some());
    let work = || {
        while !is_failed() {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            match act(item) {
                Ok(answer) => {
                    if let Ok(mut answers) = answers.lock() {
                        answers.push((at, answer));
                    }
                }
                Err(wrong) => {
                    if let Ok(mut failed) = failed.lock() {
                        failed.get_or_insert(wrong);
                    }
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..at_once.min(items.len()) {
            scope.spawn(work);
        }
        work();
    });
    let failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(wrong) = failed {
        return Err(wrong);
    }
    let mut answers = answers.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    answers.sort_by_key(|(at, _)| *at);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn answers_keep_their_order_and_the_first_failure_counts() {
        let items: Vec<u32> = (0..100).collect();
        let doubled: Result<Vec<u32>, ()> = each(&items, 8, |item| Ok(item * 2));
        assert_eq!(doubled.unwrap(), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        let failed = each(&items, 8, |item| if *item == 3 { Err("three") } else { Ok(()) });
        assert_eq!(failed, Err("three"));
        assert_eq!(each(&[] as &[u32], 8, |_| Err::<(), _>("never")), Ok(Vec::new()));
    }
}
