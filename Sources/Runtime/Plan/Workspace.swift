internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// The memory of one run at a time: the arena, and where the values of the present plan lie.
final class Workspace {
  /// By the values' ids.
  private(set) var addresses: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>
  /// Values that do not lie in memory of ours.
  var held: [Datum?]
  private var arena: UnsafeMutableRawPointer?
  private var arenaBytes = 0
  /// The plan that `addresses` was set for.
  private weak var plan: PlanEntry?

  /// - Parameter count: one more than the largest index of a value.
  init(count: Int) {
    addresses = .allocate(capacity: count)
    addresses.initialize(repeating: nil)
    held = Array(repeating: nil, count: count)
  }

  deinit {
    addresses.deallocate()
    free(arena)
  }

  /// Sets the addresses that are the same in every run of a plan.
  ///
  /// - Throws: `tensor/out-of-memory`.
  func prepare(for entry: PlanEntry, graph: Graph) throws(Diagnostic) {
    guard plan !== entry else { return }
    plan = nil
    try reserve(entry.plan.arenaBytes)
    addresses.update(repeating: nil)
    for id in graph.valueIDsInOrder {
      switch entry.plan.places[id.index] {
      case .arena(let offset): addresses[id.index] = arena?.advanced(by: offset)
      case .constant(let root): addresses[id.index] = constantAddress(graph, root)
      default: break
      }
    }
    plan = entry
  }

  private func constantAddress(_ graph: Graph, _ id: ValueID) -> UnsafeMutableRawPointer? {
    graph.constant(id)?.withBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
  }

  /// Kernels may read a vector beyond the last element; the arena ends in room for one.
  private func reserve(_ bytes: Int) throws(Diagnostic) {
    guard bytes > arenaBytes else { return }
    free(arena)
    (arena, arenaBytes) = (nil, 0)
    guard posix_memalign(&arena, ArenaLayout.alignment, bytes + ArenaLayout.alignment) == 0, arena != nil else {
      throw .invalid("tensor/out-of-memory", "cannot allocate \(bytes) bytes for a model's results")
    }
    arenaBytes = bytes
  }

  /// The start of a step's scratch.
  func scratch(at offset: Int) -> UnsafeMutablePointer<Float>? {
    arena?.advanced(by: offset).assumingMemoryBound(to: Float.self)
  }

  /// Whether an address is in memory that later steps write to.
  func isInArena(_ address: UnsafeRawPointer) -> Bool {
    guard let arena else { return false }
    return address >= UnsafeRawPointer(arena) && address < UnsafeRawPointer(arena) + arenaBytes
  }

  /// Keeps an input for the run.
  func feed(_ datum: Datum, as id: ValueID) {
    held[id.index] = datum
    addresses[id.index] = datum.tensor?.withBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
  }

  /// Sets the addresses of views of inputs.
  func showInputs(_ plan: Plan, _ graph: Graph) {
    for view in plan.inputViews { addresses[view.value.index] = addresses[graph.inputs[view.port].index] }
  }

  /// Sets the addresses of all values that lie in an output's memory.
  func place(output: Int, at address: UnsafeMutableRawPointer?, _ plan: Plan) {
    for view in plan.outputViews where view.port == output { addresses[view.value.index] = address }
  }

  /// Lets go of every value of the run.
  func clear() {
    for index in held.indices where held[index] != nil { held[index] = nil }
  }
}

/// A plan with an identity.
final class PlanEntry: Sendable {
  let plan: Plan
  init(_ plan: Plan) { self.plan = plan }
}
