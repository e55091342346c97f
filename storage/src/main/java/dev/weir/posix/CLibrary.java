package dev.weir.posix;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;
import java.util.Arrays;

/** Where the functions of the C library are, and how they are called. */
final class CLibrary {
    private static final Library LIBRARY = Library.getCachedInstance("libc.so.6", Library.LAZY | Library.GLOBAL);

    /** Enough for the longest list of parameters. */
    private static final int MAX_PARAMETERS = 6;

    private CLibrary() {}

    /** The address of a function. */
    static long symbol(String name) {
        long address = optional(name);
        if (address == 0) {
            throw new UnsatisfiedLinkError("the C library has no " + name);
        }
        return address;
    }

    /** The address of a function, 0 where the library is too old to have it. */
    static long optional(String name) {
        return LIBRARY.getSymbolAddress(name);
    }

    /** By number of parameters, each of them a 64-bit integer. */
    static CallContext[] contexts(Type result) {
        var contexts = new CallContext[MAX_PARAMETERS + 1];
        for (int i = 0; i < contexts.length; i++) {
            var parameters = new Type[i];
            Arrays.fill(parameters, Type.SINT64);
            contexts[i] = CallContext.getCallContext(result, parameters, CallingConvention.DEFAULT, true);
        }
        return contexts;
    }
}
