package dev.weir.engine.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import reactor.core.publisher.Mono;

/** One command. */
interface QmpCommand {
    /**
     * Runs it.
     *
     * @param arguments empty where there are none
     * @return its result; an empty end stands for an empty object
     */
    Mono<? extends JsonNode> run(ObjectNode arguments);
}
