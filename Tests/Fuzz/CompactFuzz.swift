import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheRuntime
import LatheTensors

// libFuzzer's entry points; run.sh builds and runs them.

@_silgen_name("LLVMFuzzerMutate")
func libraryMutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ most: Int) -> Int

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// What SwiftPM calls main.
@_cdecl("lathe_fuzz_main")
public func main(_ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32 {
  var (count, arguments) = (count, arguments)
  return runDriver(&count, &arguments) { testOneInput($0, $1) }
}

/// Opens the bytes as a .lathe file and runs the model on small inputs; diagnostics are fine, anything else is a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  let bytes = UnsafeRawBufferPointer(start: data, count: size)
  do throws(Diagnostic) {
    let file = try CompactFile(bytes, owner: Caller.owner, path: "input")
    let model = try CompactReader.read(file, limits: limits, catalog: .standard)
    let runtime = try Runtime(model.graph, limits: limits, threads: 1)
    for extent in [1, 3] { _ = try? runtime.run(try feed(model.graph, extent)) }
  } catch {
    return 0
  }
  return 0
}

/// Changes the bytes as libFuzzer does, then mends the checksums in header and table, which chance would never get right.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ most: Int, _ seed: UInt32) -> Int {
  let changed = libraryMutate(data, size, most)
  guard seed % 8 != 0 else { return changed }
  CompactRepair.repair(UnsafeMutableRawBufferPointer(start: data, count: changed))
  return changed
}

private final class Caller: Sendable { static let owner = Caller() }

private let limits: ResourceLimits = {
  var limits = ResourceLimits()
  (limits.tensorBytes, limits.liveBytes, limits.loopIterations) = (1 << 20, 1 << 22, 100)
  return limits
}()

/// Zeros and small numbers for every input.
private func feed(_ graph: Graph, _ extent: Int) throws(Diagnostic) -> [String: Tensor] {
  var feed: [String: Tensor] = [:]
  for id in graph.inputs {
    guard let type = graph[id].type?.tensor, let shape = type.shape, type.dtype != .string else { continue }
    let extents = shape.map { $0.known ?? extent }
    guard let bytes = type.dtype.byteCount(of: try Tensor.elementCount(of: extents)), bytes <= limits.tensorBytes else { continue }
    feed[graph[id].name] = try Tensor(dtype: type.dtype, shape: extents) { target in
      for index in target.indices { target[index] = index % 8 == 0 ? UInt8(truncatingIfNeeded: index % 3) : 0 }
    }
  }
  return feed
}
