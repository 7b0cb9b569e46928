-- What a store of the first version held after `init`, `user add alice` and `charge alice 500`.
PRAGMA application_id = 0x53686f70;
PRAGMA user_version = 1;
INSERT INTO store VALUES (1, '0e9c1f4e-3a55-4c0e-9d5c-6f1f8a3b7c21', 'KRW', 1767225600000, 1, 0, 0, 1, 1, 0, 1);
INSERT INTO users VALUES (1, 'alice', NULL, 1767225600000);
INSERT INTO wallets VALUES (1, 500, 1, 0);
INSERT INTO ledger VALUES (1, 1, 'charge', 500, 500, 1, 0, 1767225600000);
INSERT INTO outbox VALUES (1, 'WalletCharged', 1);
