//! Argon2id: 19 MiB, two passes, one lane (the first choice of OWASP's password storage guide for such memory).
//!
//! At most two runs at once, a bounded queue behind them, and one run for any number of equal questions about one person
//! at the same moment: a poller that sends its password with every call must not be able to fill the memory. A run that
//! is shared goes on when those who asked have left, so that none of them can hold up the others.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::{PasswordHash as Phc, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use callvault_core::person::PasswordHash;
use callvault_core::port::password::{HasherBusy, PasswordHasher};
use callvault_core::port::random::Random;
use callvault_core::secret::PasswordMd5;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

/// Runs at once.
const AT_ONCE: usize = 2;

/// Runs that may wait; more are refused.
const WAITING: usize = 64;

/// A hash of nothing anybody knows, to spend the same time on people who do not exist.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y2FsbHZhdWx0LW5vYm9keQ$3Xq2Vb9n0Jm8m2m6kqv0a1bq3w8m5k1Z2r7t9y0u4c8";

type Verdict = Shared<BoxFuture<'static, Result<bool, HasherBusy>>>;

/// Hashes and verifies on the blocking pool.
pub struct ArgonHasher {
    random: Arc<dyn Random>,
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    under_way: Arc<Mutex<HashMap<[u8; 32], Verdict>>>,
}

impl ArgonHasher {
    /// A hasher that salts from `random`.
    pub fn new(random: Arc<dyn Random>) -> Self {
        Self {
            random,
            places: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::default(),
            under_way: Arc::default(),
        }
    }
}

/// Runs `work` when it is its turn.
async fn in_turn<T: Send + 'static>(
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, HasherBusy> {
    struct Place(Arc<AtomicUsize>);
    impl Drop for Place {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let before = waiting.fetch_add(1, Ordering::Relaxed);
    let _place = Place(waiting);
    if before >= WAITING + AT_ONCE {
        return Err(HasherBusy);
    }
    let permit = places.acquire_owned().await.map_err(|_| HasherBusy)?;
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    done.await.map_err(|_| HasherBusy)
}

fn argon() -> Argon2<'static> {
    let params =
        Params::new(19 * 1024, 2, 1, None).expect("19 MiB, two passes, one lane are within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[async_trait]
impl PasswordHasher for ArgonHasher {
    async fn hash(&self, password: &PasswordMd5) -> Result<PasswordHash, HasherBusy> {
        let mut salt = [0; 16];
        self.random.fill(&mut salt);
        let password = password.clone();
        in_turn(self.places.clone(), self.waiting.clone(), move || {
            let salt = SaltString::encode_b64(&salt).expect("16 bytes are a salt");
            let phc = argon().hash_password(password.reveal().as_bytes(), &salt);
            PasswordHash::new(phc.expect("32 digits are within Argon2's bounds").to_string())
        })
        .await
    }

    async fn verify(
        &self,
        username: &str,
        hash: Option<&PasswordHash>,
        password: &PasswordMd5,
    ) -> Result<bool, HasherBusy> {
        let known = hash.is_some();
        let phc = hash.map_or(NOBODY, PasswordHash::reveal).to_owned();
        // The name is part of the question, so that runs are shared alike for names that somebody has and names that
        // nobody has: two of the latter must not answer sooner than two of the former.
        let question: [u8; 32] = Sha256::new()
            .chain_update(password.reveal().as_bytes())
            .chain_update((phc.len() as u64).to_be_bytes())
            .chain_update(phc.as_bytes())
            .chain_update(username.to_lowercase().as_bytes())
            .finalize()
            .into();
        let verdict = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            match under_way.get(&question) {
                Some(verdict) => verdict.clone(),
                None => {
                    let run = in_turn(self.places.clone(), self.waiting.clone(), run(phc, password.clone()));
                    let entries = self.under_way.clone();
                    // A task of its own: whoever asks may go away, and nobody else would drive the run to its end.
                    let run = tokio::spawn(async move {
                        let answer = run.await;
                        entries.lock().unwrap_or_else(PoisonError::into_inner).remove(&question);
                        answer
                    });
                    let verdict = async { run.await.unwrap_or(Err(HasherBusy)) }.boxed().shared();
                    under_way.insert(question, verdict.clone());
                    verdict
                }
            }
        };
        Ok(verdict.await? && known)
    }
}

/// One verification, for the blocking pool.
fn run(phc: String, password: PasswordMd5) -> impl FnOnce() -> bool + Send + 'static {
    move || {
        let right = |phc: Phc<'_>| argon().verify_password(password.reveal().as_bytes(), &phc).is_ok();
        Phc::new(&phc).is_ok_and(right)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use callvault_core::secret::Secret;

    use super::*;
    use crate::system::OsRandom;

    fn md5(password: &str) -> PasswordMd5 {
        PasswordMd5::of_password(&Secret::new(password))
    }

    #[tokio::test]
    async fn verifies_what_it_hashed_and_nothing_else() {
        let hasher = ArgonHasher::new(Arc::new(OsRandom));
        let hash = hasher.hash(&md5("right")).await.unwrap();
        assert!(hash.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(hasher.verify("ann", Some(&hash), &md5("right")).await.unwrap());
        assert!(!hasher.verify("ann", Some(&hash), &md5("wrong")).await.unwrap());
        assert_ne!(hasher.hash(&md5("right")).await.unwrap(), hash, "every hash has its own salt");
    }

    #[tokio::test]
    async fn nobody_is_never_right_and_takes_a_whole_run() {
        Phc::new(NOBODY).unwrap();
        let hasher = ArgonHasher::new(Arc::new(OsRandom));
        assert!(!hasher.verify("nobody", None, &md5("any")).await.unwrap());
    }

    #[tokio::test]
    async fn equal_questions_share_a_run_and_the_queue_is_bounded() {
        let hasher = ArgonHasher::new(Arc::new(OsRandom));
        let hash = hasher.hash(&md5("right")).await.unwrap();
        let password = md5("right");
        let same =
            futures_util::future::join_all((0..500).map(|_| hasher.verify("ann", Some(&hash), &password)))
                .await;
        assert!(same.iter().all(|answer| *answer == Ok(true)));
        let guesses: Vec<_> = (0..500).map(|number| md5(&number.to_string())).collect();
        let many = futures_util::future::join_all(
            guesses.iter().map(|guess| hasher.verify("ann", Some(&hash), guess)),
        )
        .await;
        assert_eq!(many.iter().filter(|answer| answer.is_err()).count(), 500 - WAITING - AT_ONCE);
        assert!(hasher.under_way.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn callers_who_leave_the_queue_hold_up_nobody() {
        let hasher = ArgonHasher::new(Arc::new(OsRandom));
        let hash = hasher.hash(&md5("right")).await.unwrap();
        for guess in (0..20).map(|number| md5(&number.to_string())) {
            let mut verified = hasher.verify("ann", Some(&hash), &guess);
            assert!(futures_util::poll!(verified.as_mut()).is_pending(), "a run takes longer than a poll");
        }
        let all_done = async {
            assert_eq!(hasher.verify("ann", Some(&hash), &md5("right")).await, Ok(true));
            while !hasher.under_way.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), all_done).await.expect("the queue stands still");
        assert_eq!(hasher.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn runs_are_shared_by_name_whether_or_not_somebody_has_it() {
        let hasher = ArgonHasher::new(Arc::new(OsRandom));
        let (hash, password) = (hasher.hash(&md5("right")).await.unwrap(), md5("the same"));
        for hash in [None, Some(&hash)] {
            let one_name = (0..100).map(|_| hasher.verify("one", hash, &password));
            let answers = futures_util::future::join_all(one_name).await;
            assert!(answers.iter().all(|answer| *answer == Ok(false)), "one run for all of them");
            let names: Vec<_> = (0..100).map(|number| format!("name{number}")).collect();
            let many_names = names.iter().map(|name| hasher.verify(name, hash, &password));
            let answers = futures_util::future::join_all(many_names).await;
            let refused = answers.iter().filter(|answer| answer.is_err()).count();
            assert_eq!(refused, 100 - WAITING - AT_ONCE, "each has a place of its own in the queue");
        }
    }
}
