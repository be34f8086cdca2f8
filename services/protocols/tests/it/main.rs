//! The dialect readers against recorded provider traffic: what they extract must equal the reading
//! made independently for each recording, however a stream is split or cut.

#[cfg(test)]
mod chat;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod embeddings;
