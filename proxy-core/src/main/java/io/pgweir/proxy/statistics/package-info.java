/** What statements cost, by fingerprint and label: counted by the event loop that relays them, added up when somebody looks. */
@NullMarked
package io.pgweir.proxy.statistics;

import org.jspecify.annotations.NullMarked;
