import LatheDiagnostics

/// Takes the next bytes of an output.
package typealias ByteSink = (UnsafeRawBufferPointer) throws(Diagnostic) -> Void
