//! The port to library sounds.

use async_trait::async_trait;

use super::CatalogResult;
use crate::audio::{AudioKey, StoredAudio};
use crate::gate::{InCustomer, SoundsWithin};
use crate::id::SoundId;
use crate::page::PageRequest;
use crate::sound::{NewSound, Sound, SoundChange};
use crate::time::Timestamp;

/// Library sounds.
#[async_trait]
pub trait Sounds: Send + Sync {
    /// Adds one, still without a file, if the plan of its customer has sounds. Taken: `id`. Gone: the customer.
    async fn add_sound(&self, new: NewSound) -> CatalogResult<SoundId>;
    /// Changes one, if the plan of its customer has sounds. Gone: the sound.
    async fn change_sound(&self, id: SoundId, change: SoundChange) -> CatalogResult<()>;
    /// Gives it its bytes and their name, if the plan of its customer allows them; answers the objects that became discarded.
    /// Gone: the sound. Changed: the file that it has is none of the `noted`.
    async fn fill_sound(
        &self,
        id: SoundId,
        audio: StoredAudio,
        file_name: Option<String>,
        noted: Vec<AudioKey>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>>;
    /// Leaves it without a file; answers the objects that became discarded, `None` when it had none. Gone: the sound.
    /// Changed: the file that it has is none of the `noted`.
    async fn clear_sound(
        &self,
        id: SoundId,
        noted: Vec<AudioKey>,
        at: Timestamp,
    ) -> CatalogResult<Option<Vec<AudioKey>>>;
    /// Removes one; answers the objects that became discarded. Gone: the sound. Changed: the file that it has is none of
    /// the `noted`.
    async fn remove_sound(
        &self,
        id: SoundId,
        noted: Vec<AudioKey>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>>;
    /// One.
    async fn sound(&self, within: &SoundsWithin, id: SoundId) -> CatalogResult<Option<Sound>>;
    /// Those of a customer, by number; with `shared` also those that are shared with all customers.
    async fn sounds(
        &self,
        customer: &InCustomer,
        shared: bool,
        page: PageRequest<SoundId>,
    ) -> CatalogResult<Vec<Sound>>;
}
