import Foundation
import LatheIR
import LatheOperators
import LatheTestSupport
import Testing

@Suite struct CatalogTests {
  /// Every file that declares a schema, as folder and file name without its ending.
  private func files() throws -> [String: String] {
    let root = Repository.path("Sources/Operators")
    let paths = try #require(FileManager.default.enumerator(atPath: root)).compactMap { $0 as? String }
    var found: [String: String] = [:]
    for path in paths where path.hasSuffix(".swift") && path.contains("/") {
      let text = try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
      guard text.contains("public static let schema") else { continue }
      found[URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent] = text
    }
    return found
  }

  @Test func listsEveryFile() throws {
    let listed = Set(OperatorCatalog.standard.all.map { "\($0)" })
    #expect(listed == Set(try files().keys), "Catalog.swift and the files in Sources/Operators differ")
  }

  /// The suffix is for names that Swift or LatheTensors already use, as Range and Shape; the prefix for those of another domain that
  /// the standard one has too.
  @Test func namesFilesTypesAndOperatorsAlike() throws {
    let files = try files()
    for type in OperatorCatalog.standard.all {
      let name = type.schema.name.name
      let prefixed = type.schema.name.domain == "com.microsoft" ? "Microsoft\(name)" : name
      #expect("\(type)" == name || "\(type)" == "\(name)Operator" || "\(type)" == prefixed)
      #expect(files["\(type)"]?.contains("public struct \(type):") == true)
      #expect(
        files["\(type)"]?.contains("\"\(name)\", since: ") == true
          || files["\(type)"]?.contains("\"\(name)\", domain: \"\(type.schema.name.domain)\", since: ") == true
          || files["\(type)"]?.contains("formal(\"\(name)\"") == true)
    }
  }

  @Test func isSorted() throws {
    let text = try String(contentsOfFile: Repository.path("Sources/Operators/Catalog.swift"), encoding: .utf8)
    let lines = text.split(separator: "\n").filter { $0.hasSuffix(".self,") }
    #expect(lines == lines.sorted())
    #expect(lines.count == OperatorCatalog.standard.all.count)
  }
}
