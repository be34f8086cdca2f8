//! What Cohere and its clients do that is not in the book, one test per habit; and what a value of
//! another dialect loses on its way into this one.
