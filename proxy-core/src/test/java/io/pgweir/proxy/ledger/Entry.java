package io.pgweir.proxy.ledger;

/**
 * One row in a client's books. Its id stands for one attempt and is never used again: what is there twice was run twice.
 *
 * @param id of the row
 * @param unit of the rows that are written together
 * @param how it was sent, and what was said, for messages
 */
record Entry(String id, String unit, Told told, String how) {}
