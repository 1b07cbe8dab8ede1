/** Health and metrics over HTTP; needs no backend to answer. */
@NullMarked
package io.pgweir.proxy.http;

import org.jspecify.annotations.NullMarked;
