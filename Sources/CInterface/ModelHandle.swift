import CLathe
import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheRuntime
import LatheSamples
import LatheTensors
internal import Foundation
import Synchronization

/// What `lathe_model` points to.
final class ModelHandle: Sendable {
  let runtime: Runtime
  let interface: ModelInterface
  private let batcher = Mutex<TextBatcher?>(nil)
  /// Names of inputs, outputs and labels for C, which lives as long as the model.
  let names: CStrings

  /// - Throws: what reading the file and preparing the model throw.
  init(_ model: Model, threads: Int) throws(Diagnostic) {
    guard (1...1024).contains(threads) else {
      throw Diagnostic("usage/threads", .usage, "\(threads) threads are asked for; 1 to 1024 make sense")
    }
    runtime = try Runtime(model.graph, threads: threads)
    interface = ModelInterface(model)
    names = CStrings(interface.inputs.map(\.name) + interface.outputs.map(\.name) + (model.text?.labels ?? []))
  }

  /// The tokenizer and what it feeds, made for the first text.
  func textBatcher() throws(Diagnostic) -> TextBatcher {
    if let known = batcher.withLock({ $0 }) { return known }
    let made = try TextBatcher(interface, SampleOptions())
    batcher.withLock { $0 = made }
    return made
  }
}

/// Strings in C's form.
final class CStrings: @unchecked Sendable {
  private let pointers: [UnsafeMutablePointer<CChar>?]

  init(_ strings: [String]) { pointers = strings.map { strdup($0) } }

  deinit { for pointer in pointers { free(pointer) } }

  /// nil behind the last.
  subscript(index: Int) -> UnsafePointer<CChar>? {
    pointers.indices.contains(index) ? UnsafePointer(pointers[index]) : nil
  }
}

/// The message of a thread's last failure.
enum LastError {
  /// Each thread has a string of its own, freed with it.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { free($0) }
    return key
  }()

  static func set(_ message: String) {
    free(pthread_getspecific(key))
    pthread_setspecific(key, strdup(message))
  }

  static var message: UnsafePointer<CChar> {
    if pthread_getspecific(key) == nil { pthread_setspecific(key, strdup("")) }
    return UnsafePointer(pthread_getspecific(key).assumingMemoryBound(to: CChar.self))
  }
}
