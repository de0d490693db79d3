//! Telephone audio as pure code: probing, G.711, GSM 06.10.
