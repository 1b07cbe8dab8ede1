/**
 * Settings: the one table that names every setting, the loader that turns flags, environment, YAML and database URLs
 * into one immutable {@link io.pgweir.proxy.settings.ProxyConfig}, and the problems it finds on the way. Nothing here
 * opens a socket or starts a thread.
 */
@NullMarked
package io.pgweir.proxy.settings;

import org.jspecify.annotations.NullMarked;
