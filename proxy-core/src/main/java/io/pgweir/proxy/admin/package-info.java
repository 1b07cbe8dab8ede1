/**
 * The admin console: databases {@code pgweir} and {@code pgbouncer}, which pgweir answers for itself. Shows what the other
 * packages know, and passes on what administrators order; decides nothing for them. Each event loop is asked for what it
 * owns; nothing is kept for the console's sake on the path of a query.
 */
@NullMarked
package io.pgweir.proxy.admin;

import org.jspecify.annotations.NullMarked;
