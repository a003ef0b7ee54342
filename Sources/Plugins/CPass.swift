internal import CLathePlugin
import LatheDiagnostics
import LatheIR
import LatheJSON
import LathePassKit
import LatheTensors

/// A pass of a plugin written in C.
struct CPass: Pass {
  static let id: PassID = "plugin/c"
  static let summary = "a pass of a shared object"

  let name: PassID
  let about: String
  let guarantee: Guarantee
  private var options = "{}"
  private let body: @convention(c) (UnsafePointer<lathe_graph>?, UnsafePointer<lathe_host>?) -> Int32

  /// - Returns: nil where a part is missing.
  init?(_ pass: lathe_pass) {
    guard let id = pass.id, let summary = pass.summary, let run = pass.run,
      let guarantee = Self.guarantee(pass.guarantee, pass.bound)
    else { return nil }
    name = PassID(String(cString: id))
    about = String(cString: summary)
    self.guarantee = guarantee
    body = run
  }

  /// Only `init?(_:)` makes one that does something.
  init(options: NoOptions) {
    name = Self.id
    about = Self.summary
    guarantee = .identicalBits
    body = { _, _ in 0 }
  }

  var entry: PassCatalog.Entry {
    PassCatalog.Entry(name, summary: about, guarantee: guarantee) { (options) throws(Diagnostic) in
      var pass = self
      pass.options = options.serialized()
      return pass
    }
  }

  func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    let tables = GraphTables(graph)
    let call = CPassCall(graph)
    let status = tables.withGraph { view in
      options.withCString { options in
        var host = lathe_host(
          context: Unmanaged.passUnretained(call).toOpaque(), options: options,
          done: { context, subject in CPassCall.of(context)?.outcome.record(CPassCall.text(subject), .done) },
          declined: { context, subject, reason in
            CPassCall.of(context)?.outcome.record(CPassCall.text(subject), .declined(CPassCall.text(reason)))
          },
          note: { context, line in CPassCall.of(context)?.outcome.notes.append(CPassCall.text(line)) },
          fail: { context, message in CPassCall.of(context)?.failure = CPassCall.text(message) },
          set_constant: { context, value, data, count in CPassCall.of(context)?.setConstant(value, data, count) ?? 1 })
        return withExtendedLifetime(call) { body(view, &host) }
      }
    }
    guard status == 0, call.failure == nil else {
      throw .invalid("plugins/failed", call.failure ?? "the pass ended with status \(status)", at: Location(pass: name.rawValue))
    }
    for (value, tensor) in call.constants { graph.setConstant(tensor, of: value) }
    return call.outcome
  }

  private static func guarantee(_ kind: lathe_guarantee, _ bound: Double) -> Guarantee? {
    guard kind == LATHE_IDENTICAL_BITS || bound >= 0 else { return nil }
    return switch kind {
    case LATHE_IDENTICAL_BITS: .identicalBits
    case LATHE_RELATIVE_ERROR: .sameMathematics(relative: bound)
    case LATHE_ABSOLUTE_ERROR: .approximate(metric: .absoluteError, bound: bound)
    case LATHE_COSINE: .approximate(metric: .cosine, bound: bound)
    case LATHE_AGREEMENT: .approximate(metric: .agreement, bound: bound)
    default: nil
    }
  }
}

/// What a running pass says through the functions of `lathe_host`.
private final class CPassCall {
  var outcome = PassOutcome()
  var failure: String?
  private(set) var constants: [(ValueID, Tensor)] = []
  private let graph: Graph
  private let values: [ValueID]

  init(_ graph: Graph) {
    self.graph = graph
    values = graph.valueIDsInOrder
  }

  static func of(_ context: UnsafeMutableRawPointer?) -> CPassCall? {
    context.map { Unmanaged<CPassCall>.fromOpaque($0).takeUnretainedValue() }
  }

  static func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

  func setConstant(_ index: Int, _ data: UnsafeRawPointer?, _ count: Int) -> Int32 {
    guard values.indices.contains(index), let old = graph.constant(values[index]), old.dtype != .string,
      old.byteCount == count, let data,
      let tensor = try? Tensor(
        dtype: old.dtype, shape: old.shape,
        fill: { $0.copyMemory(from: UnsafeRawBufferPointer(start: data, count: count)) })
    else { return 1 }
    constants.append((values[index], tensor))
    return 0
  }
}
