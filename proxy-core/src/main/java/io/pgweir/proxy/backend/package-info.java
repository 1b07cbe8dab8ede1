/** One connection to PostgreSQL: connect, login, what it has been told, what it still owes, cancel. */
@NullMarked
package io.pgweir.proxy.backend;

import org.jspecify.annotations.NullMarked;
