//! Structural checks that every finder passes (under construction).
