/**
 * The bytes of the PostgreSQL frontend/backend protocol, versions 3.0 and 3.2: message types, bounds, readers and
 * writers over a {@link io.netty.buffer.ByteBuf}. Knows no channels, threads, timers, settings or logs.
 */
@NullMarked
package io.pgweir.protocol.wire;

import org.jspecify.annotations.NullMarked;
