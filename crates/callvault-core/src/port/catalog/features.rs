//! The part of the port that is about features and their prompts.

use async_trait::async_trait;

use super::CatalogResult;
use crate::audio::AudioKey;
use crate::feature::{Feature, FeatureChange, FeatureKey, FeatureKind, NewFeature, Prompt, PromptFile};
use crate::gate::{InCustomer, Within};
use crate::id::{CustomerId, FeatureId};
use crate::page::PageRequest;
use crate::time::Timestamp;

/// Features and their prompts.
#[async_trait]
pub trait Features: Send + Sync {
    /// Adds one. Taken: `id`, `number`. Gone: customer, owner.
    async fn add_feature(&self, new: NewFeature) -> CatalogResult<FeatureId>;
    /// Changes one. Taken: `number`. Gone: the feature; the owner is nobody of the same customer.
    async fn change_feature(&self, key: FeatureKey, change: FeatureChange) -> CatalogResult<()>;
    /// Removes one with its prompts, whose objects become discarded. Gone: the feature. Changed: it has a prompt that is none
    /// of the `noted`.
    async fn remove_feature(
        &self,
        key: FeatureKey,
        noted: Vec<(PromptFile, AudioKey)>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>>;
    /// One.
    async fn feature(&self, within: &Within, key: FeatureKey) -> CatalogResult<Option<Feature>>;
    /// The one with this number. Where several customers have one, that of `first`, or else of the customer with the lowest id.
    async fn feature_numbered(
        &self,
        within: &Within,
        kind: FeatureKind,
        number: &str,
        first: Option<CustomerId>,
    ) -> CatalogResult<Option<Feature>>;
    /// Those of a customer, by the word of their kind, then id; only those of one kind with `kind`.
    async fn features(
        &self,
        customer: &InCustomer,
        kind: Option<FeatureKind>,
        page: PageRequest<FeatureKey>,
    ) -> CatalogResult<Vec<Feature>>;
    /// Puts a prompt in the place of the one that is there, and releases its object's `receiving` row, if the plan of the
    /// feature's customer allows it; answers the objects that became discarded. Gone: the feature, the upload.
    /// Changed: the audio of the one that is there is neither its own nor one of the `noted`.
    async fn put_prompt(&self, new: Prompt, noted: Vec<AudioKey>) -> CatalogResult<Vec<AudioKey>>;
    /// One.
    async fn prompt(&self, feature: FeatureKey, file: PromptFile) -> CatalogResult<Option<Prompt>>;
    /// Those of a feature, by the word of their file; there are few.
    async fn prompts(&self, feature: FeatureKey) -> CatalogResult<Vec<Prompt>>;
    /// Removes one; answers the objects that became discarded, `None` when there was none. Changed: its audio is none
    /// of the `noted`.
    async fn remove_prompt(
        &self,
        feature: FeatureKey,
        file: PromptFile,
        noted: Vec<AudioKey>,
        at: Timestamp,
    ) -> CatalogResult<Option<Vec<AudioKey>>>;
}
