/** One client: login, its transaction, its prepared statements, and the relay to the backend it holds. */
@NullMarked
package io.pgweir.proxy.session;

import org.jspecify.annotations.NullMarked;
