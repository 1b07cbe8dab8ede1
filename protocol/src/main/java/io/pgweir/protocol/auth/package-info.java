/**
 * Password authentication as PostgreSQL does it: SCRAM-SHA-256 for both sides (RFC 5802, RFC 7677), SASLprep (RFC 4013)
 * and the MD5 response. State machines without I/O.
 */
@NullMarked
package io.pgweir.protocol.auth;

import org.jspecify.annotations.NullMarked;
