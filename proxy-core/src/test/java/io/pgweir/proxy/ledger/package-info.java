/** Every row that was acknowledged is there once, whatever fails: clients that keep books, faults, and the audit. */
@NullMarked
package io.pgweir.proxy.ledger;

import org.jspecify.annotations.NullMarked;
