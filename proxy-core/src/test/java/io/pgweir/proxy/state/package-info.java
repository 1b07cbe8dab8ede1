/**
 * Whose state is whose: what a client has set is kept for it and seen by nobody else, as on a connection of its own to
 * PostgreSQL.
 */
@NullMarked
package io.pgweir.proxy.state;

import org.jspecify.annotations.NullMarked;
