/** LISTEN for clients that share backends: one listening backend per pool, and what each client has subscribed to. */
@NullMarked
package io.pgweir.proxy.notify;

import org.jspecify.annotations.NullMarked;
