package io.pgweir.proxy.notify;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.pool.CheckoutFailure;

/** The outcome of joining channels; on the subscriber's loop, once. */
public interface JoinResult {
    /** PostgreSQL listens on all of them: what is committed from now on is not missed. */
    void joined();

    /** No backend could be had to listen on; the subscriber is in none of the channels. */
    void unavailable(CheckoutFailure failure);

    /** PostgreSQL refused to listen; the subscriber is in none of the channels. */
    void refused(ErrorFields error);
}
