//! What Gemini servers and clients do, one test per habit.
