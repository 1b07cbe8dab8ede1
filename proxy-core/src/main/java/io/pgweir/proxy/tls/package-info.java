/** TLS: certificates, keys, contexts that follow their files, and what is verified of a peer. */
@NullMarked
package io.pgweir.proxy.tls;

import org.jspecify.annotations.NullMarked;
